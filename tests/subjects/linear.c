/* cc -O2 -o linear linear.c: y = x W^T + b and its gradients, one JSON request a line. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int shape[2], rank, count; double *data; } array;

/* The numbers between '[' and ']' behind `from`. */
static int numbers(const char *from, double *out) {
    char *at = strchr(from, '[') + 1;
    int count = 0;
    while (*at != ']') { double v = strtod(at, &at); if (out) out[count] = v; count++; if (*at == ',') at++; }
    return count;
}

/* The array called `name`, or one without data. */
static array find(const char *line, const char *name) {
    array a = {{1, 1}, 0, 0, NULL};
    const char *at = strstr(line, name);
    if (!at) return a;
    double shape[8];
    a.rank = numbers(strstr(at, "\"shape\""), shape);
    for (int i = 0; i < a.rank && i < 2; i++) a.shape[i] = (int)shape[i];
    a.count = numbers(strstr(at, "\"data\""), NULL);
    a.data = calloc(a.count + 1, sizeof(double));
    numbers(strstr(at, "\"data\""), a.data);
    return a;
}

static void show(const char *before, const char *name, array a, const double *data) {
    printf("%s\"%s\":{\"shape\":[", before, name);
    for (int i = 0; i < a.rank; i++) printf(i ? ",%d" : "%d", a.shape[i]);
    printf("],\"data\":[");
    for (int i = 0; i < a.count; i++) printf(i ? ",%.17g" : "%.17g", data[i]);
    printf("]}");
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        if (!strstr(line, "\"op\":\"linear\"")) { puts("{\"unsupported\":\"anything but linear\"}"); fflush(stdout); continue; }
        array x = find(line, "\"x\":"), w = find(line, "\"weight\":"), b = find(line, "\"bias\":"), r = find(line, "\"cotangent\":");
        int n = x.shape[0], in = x.shape[1], out = w.shape[0];
        double *y = calloc(r.count, 8), *dx = calloc(x.count, 8), *dw = calloc(w.count, 8), *db = calloc(out, 8);
        for (int s = 0; s < n; s++)
            for (int o = 0; o < out; o++) {
                double g = r.data[s * out + o];
                y[s * out + o] = b.data ? b.data[o] : 0.0;
                db[o] += g;
                for (int i = 0; i < in; i++) {
                    y[s * out + o] += x.data[s * in + i] * w.data[o * in + i];
                    dx[s * in + i] += g * w.data[o * in + i];
                    dw[o * in + i] += g * x.data[s * in + i];
                }
            }
        show("{", "output", r, y);
        show(",\"gradients\":{", "x", x, dx);
        show(",", "weight", w, dw);
        if (b.data) show(",", "bias", b, db);
        puts("}}");
        fflush(stdout);
        free(x.data); free(w.data); free(b.data); free(r.data); free(y); free(dx); free(dw); free(db);
    }
    free(line);
    return 0;
}
