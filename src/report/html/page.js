'use strict';
// Sorting, filtering, and the charts of one report. No network: everything stands in the page.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  // ---- Numbers ----

  const number = (value) => (typeof value === 'number' ? value
    : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : NaN);
  const short = (value) => (value === 0 ? '0' : Number.isFinite(value) ? value.toExponential(1) : String(value));
  const MOST_DIGITS = 17;
  const relative = (a, n) => {
    if (a === n) return 0;
    return Math.abs(a - n) / Math.max(Math.abs(a), Math.abs(n));
  };
  const digitsOf = (a, n) => {
    const digits = -Math.log10(relative(a, n));
    return Number.isNaN(digits) ? 0 : Math.min(Math.max(digits, 0), MOST_DIGITS);
  };
  const VERDICTS = {
    a: 'agrees', d: 'DIFFERS', k: 'at a kink, between the slopes', K: 'at a kink, OUTSIDE of the slopes',
    u: 'unresolved', o: 'unobservable', i: 'NOT A NUMBER',
  };
  const isWrong = (letter) => letter === 'd' || letter === 'K' || letter === 'i';

  // ---- Theme, copying ----

  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  };
  const redraws = new Set();
  const redraw = () => redraws.forEach((draw) => draw());
  one('#theme').addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    redraw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  // Paper gets pictures of the charts: a canvas that is laid out anew has no frame to be drawn in.
  const pictures = new Map();
  let before;
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    redraw();
    pictures.forEach((drawn, box) => {
      const picture = new Image();
      picture.className = 'printed';
      picture.alt = box.getAttribute('aria-label');
      picture.src = drawn.getDataURL({ pixelRatio: 2, backgroundColor: '#fff' });
      box.after(picture);
    });
  });
  addEventListener('afterprint', () => {
    all('.printed').forEach((picture) => picture.remove());
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    redraw();
  });
  all('[data-copies]').forEach((button) => button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = 'Copied';
    } catch {
      // Without the right to write, what is to be copied is at least selected.
      getSelection().selectAllChildren(source);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  }));

  // ---- Tables ----

  all('table.sortable').forEach((table) => {
    const heads = all('thead th', table);
    const body = table.tBodies[0];
    heads.forEach((head, column) => one('button', head).addEventListener('click', () => {
      const isText = head.dataset.kind === 'text';
      // What is large is looked for first, and names from a on.
      const was = head.getAttribute('aria-sort');
      const first = isText ? 'ascending' : 'descending';
      const order = was === null ? first : was === 'ascending' ? 'descending' : 'ascending';
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const key = (row) => row.cells[column].dataset.sort;
      const compare = isText
        ? (a, b) => key(a).localeCompare(key(b), 'en')
        : (a, b) => (Number(key(a)) || 0) - (Number(key(b)) || 0);
      body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
    }));
    const input = one(`[data-filters="${table.id}"]`);
    const box = one(`[data-only-wrong="${table.id}"]`);
    const told = one('output', input.closest('.filter'));
    const filter = () => {
      const text = input.value.trim().toLowerCase();
      let shown = 0;
      for (const row of body.rows) {
        const isShown = row.dataset.name.toLowerCase().includes(text)
          && !(box.checked && row.dataset.state === 'right');
        row.hidden = !isShown;
        shown += isShown;
      }
      told.textContent = shown === body.rows.length ? '' : `${shown} of ${body.rows.length} shown`;
    };
    input.addEventListener('input', filter);
    box.addEventListener('change', filter);
  });

  // ---- Data ----

  const place = one('#charts');
  if (!place) return;
  const data = JSON.parse(place.textContent);

  const bytesOf = async (base64) => {
    const text = atob(base64);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Response(stream).arrayBuffer();
  };

  let library;
  const charts = () => {
    library ??= bytesOf(one('#library').textContent.trim()).then((code) => {
      const script = document.createElement('script');
      script.textContent = new TextDecoder().decode(code) + '\nwindow.echarts = echarts;';
      document.head.append(script);
      return window.echarts;
    });
    return library;
  };

  const STEPS = 31;
  const LOWEST = -1075;
  const boundOf = (step) => (step === 0 ? 0 : step === 65535 ? Infinity : 2 ** (LOWEST + (step - 1) / STEPS));

  // The columns of a tensor; they begin where the widest type allows it, so each is copied out.
  const unpack = async (tensor) => {
    const buffer = await bytesOf(tensor.columns);
    let at = 0;
    const column = (Type) => {
      const end = at + tensor.count * Type.BYTES_PER_ELEMENT;
      const values = new Type(buffer.slice(at, end));
      at = end;
      return values;
    };
    const indices = tensor.is_sample ? column(Uint32Array) : null;
    const own = column(Float64Array);
    const values = [own];
    tensor.scales.forEach((scale) => {
      const distances = column(Float32Array);
      values.push(Float64Array.from(own, (value, i) => value + scale * distances[i]));
    });
    const errors = values.map(() => column(Uint16Array));
    const verdicts = new TextDecoder().decode(column(Uint8Array));
    const sizes = tensor.shape;
    const index = (i) => (indices ? indices[i] : i);
    const name = (i) => {
      let rest = index(i);
      const parts = [];
      for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
        parts.unshift(rest % sizes[axis]);
        rest = Math.floor(rest / sizes[axis]);
      }
      return `${tensor.name}[${parts.join(',')}]`;
    };
    return { values, bound: (source, i) => boundOf(errors[source][i]), verdicts, indices, index, name };
  };

  // ---- How weights lie in a map: kernels stay together ----

  const wrapped = (count) => {
    const columns = Math.min(count, Math.max(32, Math.ceil(Math.sqrt(count * 4))));
    return {
      columns, rows: Math.ceil(count / columns), across: '', down: '',
      at: (i) => [i % columns, Math.floor(i / columns)],
    };
  };
  const layout = (shape, count, isSample) => {
    if (isSample || shape.length < 2 || shape.length === 3 && count > 1 << 16) return wrapped(count);
    if (shape.length === 2) {
      const [out, into] = shape;
      return into >= out
        ? { columns: into, rows: out, across: 'in', down: 'out', at: (i) => [i % into, Math.floor(i / into)] }
        : { columns: out, rows: into, across: 'out', down: 'in', at: (i) => [Math.floor(i / into), i % into] };
    }
    const [height, width] = shape.length === 4 ? shape.slice(2) : [shape.length === 3 ? shape[1] : 1, shape[shape.length - 1]];
    const blocks = count / (height * width);
    let [down, across] = shape.length === 4 ? [shape[0], shape[1]] : [1, shape[0]];
    let names = shape.length === 4 ? ['out', 'in'] : ['', 'channel'];
    let turned = false;
    if (down > across) {
      [down, across] = [across, down];
      names = [names[1], names[0]];
      turned = true;
    }
    const wraps = down === 1;
    const inRow = wraps ? Math.min(across, Math.max(1, Math.floor(160 / (width + 1)))) : across;
    const rowsOfBlocks = wraps ? Math.ceil(blocks / inRow) : down;
    return {
      columns: inRow * (width + 1) - 1, rows: rowsOfBlocks * (height + 1) - 1, across: names[1], down: wraps ? '' : names[0],
      at: (i) => {
        const block = Math.floor(i / (height * width));
        const inside = i % (height * width);
        let [row, column] = [0, block];
        if (wraps) {
          [row, column] = [Math.floor(block / inRow), block % inRow];
        } else {
          const first = Math.floor(block / shape[1]);
          const second = block % shape[1];
          [row, column] = turned ? [second, first] : [first, second];
        }
        return [column * (width + 1) + inside % width, row * (height + 1) + Math.floor(inside / width)];
      },
    };
  };

  // ---- Charts ----

  const ink = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    return { ink: colour('ink'), quiet: colour('quiet'), line: colour('line'), raised: colour('raised'),
      bad: colour('bad'), open: colour('open'), accent: colour('accent'), good: colour('good') };
  };
  // Told apart also by who sees few colours (Okabe, Ito), lighter on dark ground.
  const LINES = () => (isDark() ? ['#56b4e9', '#e69f00', '#2fc79b', '#e58fc0'] : ['#0072b2', '#b86e00', '#00795a', '#a3447c']);
  const SYMBOLS = ['circle', 'triangle', 'rect', 'diamond'];
  // Viridis: as bright as large, also in grey.
  const VIRIDIS = ['#440154', '#46327e', '#365c8d', '#277f8e', '#1fa187', '#4ac16d', '#a0da39', '#fde725'];
  const base = (colours) => ({
    animation: false,
    textStyle: { color: colours.ink, fontFamily: 'system-ui, sans-serif' },
    tooltip: { confine: true, backgroundColor: colours.raised, borderColor: colours.line, textStyle: { color: colours.ink } },
  });
  const axis = (colours, more) => ({
    axisLine: { show: true, lineStyle: { color: colours.quiet } }, axisLabel: { color: colours.quiet, hideOverlap: true },
    splitLine: { lineStyle: { color: colours.line, opacity: 0.6 } }, nameTextStyle: { color: colours.quiet }, nameLocation: 'middle', ...more,
  });

  // A chart in `box` that is made once and drawn again when the window or the theme changes.
  const chart = async (box, options, fit = () => {}) => {
    const echarts = await charts();
    fit();
    const drawn = echarts.init(box, null, { renderer: 'canvas' });
    let width = 0;
    const draw = () => {
      if (!box.clientWidth) return;
      width = box.clientWidth;
      fit();
      drawn.resize();
      drawn.setOption(options(), { notMerge: true });
    };
    draw();
    redraws.add(draw);
    pictures.set(box, drawn);
    // A height that a chart gives itself is no reason to draw it again.
    new ResizeObserver(() => { if (box.clientWidth !== width) draw(); }).observe(box);
    box.dataset.drawn = 'yes';
    return { drawn, draw };
  };

  const escaped = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

  // A map of `count` cells: hovering, clicking and arrow keys read them out.
  const heatMap = async (box, readout, { count, place: laid, value, words, range, ends, title, marked, hasNone }) => {
    let current = -1;
    const byCell = new Map();
    for (let i = 0; i < count; i += 1) byCell.set(laid.at(i).join(), i);
    const tell = (i) => {
      current = i;
      readout.innerHTML = words(i).map(escaped).join('<br>');
    };
    const cells = () => {
      const list = new Array(count);
      for (let i = 0; i < count; i += 1) {
        const [x, y] = laid.at(i);
        list[i] = hasNone && hasNone(i)
          ? { value: [x, y, 0, i], visualMap: false, itemStyle: { color: isDark() ? '#555b66' : '#c4c8cf' } }
          : [x, y, value(i), i];
      }
      return list;
    };
    const sizes = () => {
      const width = Math.max(200, box.clientWidth - 60);
      const side = Math.min(Math.max(width / laid.columns, 1.5), 18);
      // Squares, unless the map would be taller than a screen.
      const high = Math.round(Math.min(Math.max(side * laid.rows, 24), 560));
      return { width, side, high, wide: Math.round(Math.min(width, side * laid.columns)) };
    };
    const fit = () => { box.style.height = `${sizes().high + 100}px`; };
    const made = await chart(box, () => {
      const colours = ink();
      const { width, side, high, wide } = sizes();
      const [low, top] = range();
      return {
        ...base(colours),
        aria: { enabled: true, label: { description: title() } },
        grid: { left: 45, top: 10, width: wide, height: high },
        xAxis: axis(colours, { type: 'category', data: Array.from({ length: laid.columns }, (_, i) => i), axisTick: { show: false }, axisLabel: { show: false }, splitLine: { show: false }, name: laid.across, nameGap: 8 }),
        yAxis: axis(colours, { type: 'category', inverse: true, data: Array.from({ length: laid.rows }, (_, i) => i), axisTick: { show: false }, axisLabel: { show: false }, splitLine: { show: false }, name: laid.down, nameGap: 10 }),
        visualMap: {
          type: 'continuous', min: low, max: top, dimension: 2, seriesIndex: 0, orient: 'horizontal', left: 40, bottom: 5, itemHeight: Math.min(220, width * 0.5), itemWidth: 12,
          inRange: { color: VIRIDIS }, text: width < 420 ? ends(low, top).map((end) => end.split(' ')[0]) : ends(low, top), textStyle: { color: colours.quiet }, calculable: false,
        },
        tooltip: { ...base(colours).tooltip, formatter: (item) => words(item.data.value ? item.data.value[3] : item.data[3]).map(escaped).join('<br>') },
        series: [
          { type: 'heatmap', data: cells(), progressive: 0, emphasis: { itemStyle: { borderColor: colours.ink, borderWidth: 2 } } },
          { type: 'scatter', silent: true, symbol: 'rect', symbolSize: Math.max(side, 5), itemStyle: { color: 'transparent', borderColor: colours.bad, borderWidth: 2 }, data: (marked.length <= 400 ? marked : []).map((i) => laid.at(i)) },
          { type: 'scatter', silent: true, symbol: 'rect', symbolSize: Math.max(side, 7) + 3, itemStyle: { color: 'transparent', borderColor: colours.ink, borderWidth: 2 }, data: current < 0 ? [] : [laid.at(current)] },
        ],
      };
    }, fit);
    made.drawn.on('mouseover', { seriesIndex: 0 }, (event) => tell(event.data.value ? event.data.value[3] : event.data[3]));
    const go = (i) => { tell(i); made.draw(); };
    const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Home' || event.key === 'End') {
        go(event.key === 'Home' ? 0 : count - 1);
        event.preventDefault();
        return;
      }
      const move = MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      if (current < 0) { go(0); return; }
      let [x, y] = laid.at(current);
      // Gaps between kernels are stepped over.
      for (let tries = 0; tries < 3; tries += 1) {
        x += move[0];
        y += move[1];
        const next = byCell.get([x, y].join());
        if (next !== undefined) { go(next); return; }
      }
    });
    return { ...made, go };
  };

  // ---- One tensor ----

  const drawTensor = async (card, tensor) => {
    const { values, bound, verdicts, name } = await unpack(tensor);
    const { sources, count } = tensor;
    const select = one('.reference', card);
    const metric = one('.metric', card);
    sources.slice(1).forEach((source, i) => select.add(new Option(source, i + 1)));
    const central = sources.indexOf('central');
    select.value = String(central > 0 ? central : 1);
    const reference = () => Number(select.value);
    const wrong = [];
    for (let i = 0; i < count; i += 1) if (isWrong(verdicts[i])) wrong.push(i);

    const raw = (i) => {
      const [a, n] = [values[0][i], values[reference()]?.[i] ?? NaN];
      if (metric.value === 'size') return Math.abs(a);
      if (metric.value === 'relative') return relative(a, n);
      const allowed = bound(0, i) + bound(reference(), i);
      return a === n ? 0 : Math.abs(a - n) / allowed;
    };
    const FLOOR = { relative: -17, ratio: -6, size: -300 };
    const logged = (i) => Math.max(Math.log10(raw(i)), FLOOR[metric.value]);
    const range = () => {
      if (metric.value === 'relative') return [-17, 0];
      if (metric.value === 'ratio') return [-6, 1];
      let top = -300;
      for (let i = 0; i < count; i += 1) { const v = logged(i); if (v > top && v < 400) top = v; }
      top = Math.ceil(top);
      return [top - 8, top];
    };
    const TITLES = { relative: 'relative error', ratio: 'gap/bound', size: 'size' };
    const title = () => (metric.value === 'size' ? TITLES.size : `${TITLES[metric.value]} against ${sources[reference()] ?? 'nobody'}`);
    const words = (i) => {
      const own = values[0][i];
      const lines = [`${name(i)}: ${VERDICTS[verdicts[i]]}`];
      // Enough digits to show where the sources differ, and two more.
      const differing = sources.map((_, s) => (s === 0 || values[s][i] === own ? 0 : digitsOf(own, values[s][i])));
      const shown = Math.min(Math.max(Math.ceil(Math.max(...differing)) + 2, 6), 17);
      sources.forEach((source, s) => {
        const v = values[s][i];
        if (Number.isNaN(v)) { lines.push(`${source}: ${s === 0 ? 'NaN' : 'has none to give here'}`); return; }
        const digits = s === 0 ? '' : v === own ? ', the same' : `, ${digitsOf(own, v).toFixed(1)} digits, gap/bound ${short(Math.abs(v - own) / (bound(0, i) + bound(s, i)))}`;
        lines.push(`${source}: ${v === 0 ? '0' : v.toPrecision(shown)} ± ${short(bound(s, i))}${digits}`);
      });
      return lines;
    };
    const map = await heatMap(one('.heat', card), one('.readout', card), {
      count, place: layout(tensor.shape, count, tensor.is_sample), value: logged, words, range, ends: (low, top) => [`1e${top} ${title()}`, `1e${low}`], title, marked: wrong,
      hasNone: (i) => Number.isNaN(raw(i)),
    });

    const bins = (s) => {
      const histogram = new Array(MOST_DIGITS + 1).fill(0);
      for (let i = 0; i < count; i += 1) {
        const [a, n] = [values[0][i], values[s][i]];
        if ((a !== 0 || n !== 0) && !Number.isNaN(n)) histogram[Math.floor(digitsOf(a, n))] += 1;
      }
      return histogram;
    };
    await chart(one('.digits', card), () => {
      const colours = ink();
      return {
        ...base(colours),
        color: LINES(),
        aria: { enabled: true },
        legend: { top: 0, textStyle: { color: colours.ink } },
        grid: { left: 60, right: 15, top: 35, bottom: 45 },
        tooltip: { ...base(colours).tooltip, trigger: 'axis', axisPointer: { type: 'shadow' } },
        xAxis: axis(colours, { type: 'category', name: 'whole digits that match', nameGap: 28, data: Array.from({ length: MOST_DIGITS + 1 }, (_, i) => (i === MOST_DIGITS ? 'all' : String(i))) }),
        yAxis: axis(colours, { type: 'value', name: 'weights', nameGap: 45, minInterval: 1 }),
        series: sources.slice(1).map((source, i) => ({ name: source, type: 'bar', data: bins(i + 1), itemStyle: { decal: { symbol: SYMBOLS[i], symbolSize: 0 } } })),
      };
    });

    const MOST_POINTS = 4000;
    const rest = [];
    for (let i = 0; i < count; i += Math.max(1, Math.ceil(count / MOST_POINTS))) if (!isWrong(verdicts[i])) rest.push(i);
    const shownWrong = wrong.slice(0, MOST_POINTS);
    const isThinned = rest.length + shownWrong.length < count;
    const scatter = await chart(one('.scatter', card), () => {
      const colours = ink();
      const s = reference();
      const points = (list) => list.map((i) => [values[s]?.[i] ?? NaN, values[0][i], i]).filter((p) => Number.isFinite(p[0]) && Number.isFinite(p[1]));
      const [right, bad] = [points(rest), points(shownWrong)];
      const numbers = [...right, ...bad].flatMap((p) => [p[0], p[1]]);
      const low = numbers.reduce((a, b) => Math.min(a, b), 0);
      const top = numbers.reduce((a, b) => Math.max(a, b), 0);
      const ticks = { axisLabel: { color: colours.quiet, hideOverlap: true, formatter: (v) => (v === 0 ? '0' : Math.abs(v) < 1e-3 || Math.abs(v) >= 1e4 ? v.toExponential(0) : String(+v.toPrecision(3))) } };
      one('.of-scatter', card).textContent = `Under test against ${sources[s] ?? 'nobody'}${isThinned ? `, ${right.length + bad.length} of ${count} weights` : ''}; right ones lie on the line`;
      return {
        ...base(colours),
        aria: { enabled: true },
        grid: { left: 70, right: 20, top: 35, bottom: 45 },
        legend: { top: 0, textStyle: { color: colours.ink } },
        tooltip: { ...base(colours).tooltip, formatter: (item) => (item.seriesType === 'scatter' ? words(item.data[2]).map(escaped).join('<br>') : '') },
        xAxis: axis(colours, { type: 'value', name: sources[s] ?? '', nameGap: 28, scale: true, ...ticks }),
        yAxis: axis(colours, { type: 'value', name: `${sources[0]} (under test)`, nameGap: 55, scale: true, ...ticks }),
        series: [
          { name: 'equal', type: 'line', data: [[low, low], [top, top]], symbol: 'none', silent: true, lineStyle: { color: colours.quiet, type: 'dashed' }, itemStyle: { color: colours.quiet } },
          { name: 'agrees', type: 'scatter', data: right, symbolSize: 5, itemStyle: { color: LINES()[0], opacity: 0.6 } },
          { name: 'wrong', type: 'scatter', data: bad, symbol: 'diamond', symbolSize: 9, itemStyle: { color: colours.bad } },
        ].filter((series) => series.data.length > 0),
      };
    });

    const again = () => { map.draw(); scatter.draw(); };
    select.addEventListener('change', again);
    metric.addEventListener('change', again);
    const target = one('.goto', card);
    target.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      const wanted = target.value.replace(/\s/g, '');
      for (let i = 0; i < count; i += 1) {
        if (name(i) === wanted || name(i) === `${tensor.name}[${wanted.replace(/^.*\[|\]$/g, '')}]`) {
          target.setCustomValidity('');
          map.go(i);
          return;
        }
      }
      target.setCustomValidity(`There is no ${wanted} here`);
      target.reportValidity();
    });
    card.dataset.ready = 'yes';
  };

  // ---- Over the steps ----

  const drawCurves = async (section, curves) => {
    const select = one('.curve', section);
    const box = one('.steps', section);
    const caption = one('figcaption', section);
    const current = () => curves[Number(select.value)];
    const made = await chart(box, () => {
      const curve = current();
      const colours = ink();
      const gaps = curve.gaps.map((gap) => gap.map(number));
      const positive = [...gaps.flat(), ...curve.rounding.map(number)].filter((v) => v > 0 && Number.isFinite(v));
      const floor = 10 ** Math.floor(Math.log10(positive.reduce((a, b) => Math.min(a, b), 1)));
      const seen = (v) => (Number.isFinite(v) ? Math.max(v, floor) : null);
      const finite = positive.concat(curve.bound === null ? [] : [number(curve.bound)]).filter((v) => v > 0 && Number.isFinite(v));
      const top = 10 ** Math.ceil(Math.log10(finite.reduce((a, b) => Math.max(a, b), floor * 10)));
      const [first, last] = [curve.steps[curve.steps.length - 1], curve.steps[0]];
      // Lines across the chart, each with its words at the end.
      const mark = (name, data, colour, type, position) => ({
        name, type: 'line', data, symbol: 'none', silent: true, lineStyle: { color: colour, type, width: 1.5 }, itemStyle: { color: colour },
        endLabel: { show: true, formatter: name, color: colour, position: 'left', ...position },
      });
      const marks = [];
      if (curve.step !== null) {
        const h = number(curve.step);
        marks.push(mark(`step taken, ${short(h)}`, [[h, floor], [h, top]], colours.accent, 'solid', { align: 'right', verticalAlign: 'top', offset: [-12, 0] }));
      }
      if (curve.kink && Math.abs(curve.kink[0]) >= first && Math.abs(curve.kink[0]) <= last) {
        const h = Math.abs(curve.kink[0]);
        marks.push(mark(`nearest kink, ${short(h)}: ${curve.kink[1]}`, [[h, floor], [h, top]], colours.bad, 'dashed', { align: 'right', verticalAlign: 'top', offset: [-12, 18] }));
      }
      const allowed = curve.bound === null ? NaN : number(curve.bound);
      if (allowed > 0 && Number.isFinite(allowed)) {
        marks.push(mark(`bound of the verdict, ${short(allowed)}`, [[first, allowed], [last, allowed]], colours.good, 'dotted', { align: 'right', verticalAlign: 'bottom', offset: [-8, -2] }));
      }
      const power = { axisLabel: { color: colours.quiet, hideOverlap: true, formatter: (v) => `1e${Math.round(Math.log10(v))}` } };
      const crossing = curve.steps.map((step, i) => (curve.switched[i] > 0 && gaps.length ? [step, seen(gaps[0][i]), i] : null)).filter((p) => p && p[1] !== null);
      return {
        ...base(colours),
        color: LINES(),
        aria: { enabled: true, label: { description: `Gap to central differences over the step at ${curve.coordinate}. ${curve.sentence}` } },
        // The marks say themselves what they are.
        legend: { top: 0, textStyle: { color: colours.ink }, data: [...curve.sources.map((source) => `gap of ${source}`), 'bound on rounding', 'kinks within the step'] },
        grid: { left: 70, right: 25, top: 70, bottom: 50 },
        tooltip: {
          ...base(colours).tooltip, trigger: 'axis',
          formatter: (items) => {
            const i = curve.steps.indexOf(items[0].data[0]);
            if (i < 0) return '';
            const lines = [`h = ${short(curve.steps[i])}`, ...gaps.map((gap, s) => `gap of ${curve.sources[s]}: ${short(gap[i])}`), `rounding bound: ${short(number(curve.rounding[i]))}`];
            if (curve.switched[i]) lines.push(`${curve.switched[i]} units switch${curve.units[i] ? `, such as ${curve.units[i]}` : ''}`);
            return lines.map(escaped).join('<br>');
          },
        },
        xAxis: axis(colours, { type: 'log', name: 'step h', nameGap: 30, min: first, max: last, ...power }),
        yAxis: axis(colours, { type: 'log', name: 'gap', nameGap: 50, min: floor, max: top, ...power }),
        series: [
          ...gaps.map((gap, s) => ({ name: `gap of ${curve.sources[s]}`, type: 'line', symbol: SYMBOLS[s], symbolSize: s === 0 ? 6 : 4, lineStyle: { width: s === 0 ? 2.5 : 1.2 }, data: curve.steps.map((step, i) => [step, seen(gap[i])]) })),
          { name: 'bound on rounding', type: 'line', symbol: 'none', lineStyle: { type: 'dashed', color: colours.quiet }, itemStyle: { color: colours.quiet }, data: curve.steps.map((step, i) => [step, seen(number(curve.rounding[i]))]) },
          { name: 'kinks within the step', type: 'scatter', symbol: 'diamond', symbolSize: 13, itemStyle: { color: 'transparent', borderColor: colours.bad, borderWidth: 2 }, data: crossing },
          ...marks,
        ],
      };
    });
    select.addEventListener('change', () => {
      caption.textContent = current().sentence;
      made.draw();
    });
  };

  // ---- Kink maps ----

  const drawMargins = (card, map) => {
    const size = number(map.size) || 1;
    const margins = map.margins.map(number);
    const nameOf = (i) => {
      let rest = i;
      const parts = [];
      for (let axis = map.shape.length - 1; axis >= 0; axis -= 1) {
        parts.unshift(rest % map.shape[axis]);
        rest = Math.floor(rest / map.shape[axis]);
      }
      return `${map.layer}[·,${parts.join(',')}]`;
    };
    return heatMap(one('.margins', card), one('.readout', card), {
      count: margins.length, place: layout(map.shape, margins.length, false),
      // Near is bright, as what is large is in the other maps.
      value: (i) => Math.min(Math.max(-Math.log10(margins[i] / size), 0), 6),
      words: (i) => [margins[i] === 0 ? `${nameOf(i)} is exactly where it changes its branch` : `${nameOf(i)} is ${short(margins[i])} from its kink, ${short(margins[i] / size)} of the layer's largest input`],
      range: () => [0, 6], ends: () => ['1e-6 of the largest input from its kink, or nearer', '1'], title: () => `how near the units of ${map.layer} are to their kinks`, marked: [], hasNone: (i) => !Number.isFinite(margins[i]),
    });
  };

  // ---- When a card is opened, and in sight ----

  const once = (card, draw) => {
    let isDrawn = false;
    const start = () => {
      if (isDrawn || !card.open) return;
      isDrawn = true;
      draw().catch((error) => {
        one('.readout', card).textContent = `This chart could not be drawn: ${error.message}`;
        throw error;
      });
    };
    card.addEventListener('toggle', start);
    start();
  };
  data.parts.forEach((part, position) => {
    const section = one(`#part${position}`);
    all('[data-tensor]', section).forEach((card) => once(card, () => drawTensor(card, part.tensors[Number(card.dataset.tensor)])));
    all('[data-map]', section).forEach((card) => once(card, () => drawMargins(card, part.kinks[Number(card.dataset.map)])));
    const curves = one('.steps', section);
    if (curves) drawCurves(curves.closest('section'), part.curves);
  });
})();
