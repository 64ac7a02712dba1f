import itertools, json, sys
for line in sys.stdin:
    case = json.loads(line)
    if case["op"] != "conv2d":
        print(json.dumps({"unsupported": case["op"]}), flush=True); continue
    a, inputs, r = case["attrs"], case["inputs"], case["cotangent"]
    x, w, b = inputs["x"], inputs["weight"], inputs.get("bias")
    (N, C, H, W), (O, I, KH, KW), (_, _, P, Q) = x["shape"], w["shape"], r["shape"]
    y, dx, dw = [0.0] * (N * O * P * Q), [0.0] * (N * C * H * W), [0.0] * (O * I * KH * KW)
    for n, o, p, q, i, u, v in itertools.product(*map(range, (N, O, P, Q, I, KH, KW))):
        h, k = (t * a["stride"][z] + s * a["dilation"][z] - a["padding"][z] for z, (t, s) in enumerate([(p, u), (q, v)]))
        if 0 <= h < H and 0 <= k < W:
            at_y, at_w = ((n * O + o) * P + p) * Q + q, ((o * I + i) * KH + u) * KW + v
            at_x = ((n * C + o // (O // a["groups"]) * I + i) * H + h) * W + k
            y[at_y] += w["data"][at_w] * x["data"][at_x]
            dx[at_x] += r["data"][at_y] * w["data"][at_w]; dw[at_w] += r["data"][at_y] * x["data"][at_x]
    y = [v + (b["data"][at // (P * Q) % O] if b else 0.0) for at, v in enumerate(y)]
    db = [sum(v for at, v in enumerate(r["data"]) if at // (P * Q) % O == o) for o in range(O)]
    gradients = {"x": (x["shape"], dx), "weight": (w["shape"], dw), **({"bias": ([O], db)} if b else {})}
    print(json.dumps({"output": {"shape": r["shape"], "data": y}, "gradients": {k: {"shape": s, "data": d} for k, (s, d) in gradients.items()}}), flush=True)
