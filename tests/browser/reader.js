// What a reader does with a page, and sees; the tests hold it against what should be seen.
(async () => {
  const wait = (time) => new Promise((done) => setTimeout(done, time));
  const until = async (what, holds) => {
    for (let tries = 0; tries < 400; tries += 1) {
      if (holds()) return;
      await wait(50);
    }
    seen.errors.push(`waited in vain for ${what}`);
  };
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = (table) => [...table.tBodies[0].rows].filter((row) => !row.hidden);
  // Where the middle of the first cell of a map is: its grid begins 45 and 10 pixels from the corner.
  const point = (box) => {
    const canvas = one('canvas', box);
    const place = canvas.getBoundingClientRect();
    for (const kind of ['mousemove', 'mouseover', 'mousemove']) {
      canvas.dispatchEvent(new MouseEvent(kind, { bubbles: true, clientX: place.left + 47, clientY: place.top + 12 }));
    }
  };
  const press = (box, key) => box.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  try {
    seen.verdict = one('.badge').textContent;
    const table = one('table.sortable');
    const name = (row) => row.dataset.name;
    seen.first = name(table.tBodies[0].rows[0]);
    const head = all('thead button', table).find((button) => button.textContent === 'Weights');
    head.click();
    seen.largest = name(table.tBodies[0].rows[0]);
    head.click();
    seen.smallest = name(table.tBodies[0].rows[0]);
    const filter = one('.filter input[type=search]');
    filter.value = 'CONV2';
    filter.dispatchEvent(new Event('input'));
    seen.filtered = shown(table).length;
    filter.value = '';
    filter.dispatchEvent(new Event('input'));
    one('.filter input[type=checkbox]').click();
    seen.not_right = shown(table).length;
    one('.filter input[type=checkbox]').click();
    seen.crossed = all('[aria-label="Weights whose step crosses kinks"] tbody tr').length;
    const card = one('.card[data-tensor][open]');
    if (card) {
      await until('the first charts', () => card.dataset.ready);
      const map = one('.heat', card);
      card.scrollIntoView();
      await until('a word on what is pointed at', () => { point(map); return one('.readout', card).textContent.includes('['); });
      seen.pointed = one('.readout', card).innerText;
      press(map, 'ArrowRight');
      seen.by_key = one('.readout', card).innerText;
      const goto = one('.goto', card);
      goto.value = '5,0,4,4';
      goto.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
      seen.gone_to = one('.readout', card).innerText;
      for (const metric of ['ratio', 'size', 'relative']) {
        one('.metric', card).value = metric;
        one('.metric', card).dispatchEvent(new Event('change'));
      }
      const curves = one('.curve');
      await until('the curve', () => one('.steps').dataset.drawn);
      const caption = one('.steps').closest('figure').querySelector('figcaption');
      seen.curve = caption.textContent;
      curves.value = '1';
      curves.dispatchEvent(new Event('change'));
      seen.other_curve = caption.textContent;
      const units = one('.kinkmap[open]');
      await until('the kink map', () => one('.margins', units).dataset.drawn);
      press(one('.margins', units), 'Home');
      seen.unit = one('.readout', units).innerText;
      all('.card').forEach((other) => { other.open = true; });
      await until('all charts', () => all('.card[data-tensor]').every((other) => other.dataset.ready));
      seen.opened = all('.card[data-tensor][data-ready]').length;
    }
    dispatchEvent(new Event('beforeprint'));
    seen.printed = all('.printed').every((picture) => picture.src.startsWith('data:image/png')) && all('.printed').length;
    seen.drawn = all('[data-drawn]').length;
    dispatchEvent(new Event('afterprint'));
    seen.left = all('.printed').length;
    const was = getComputedStyle(document.body).backgroundColor;
    one('#theme').click();
    seen.turned_dark = getComputedStyle(document.body).backgroundColor !== was;
    await wait(300);
    seen.overflows = document.documentElement.scrollWidth > innerWidth;
  } catch (error) {
    seen.errors.push(String(error.stack));
  }
  const told = document.createElement('pre');
  told.id = 'seen';
  told.textContent = JSON.stringify(seen);
  document.body.append(told);
})();
