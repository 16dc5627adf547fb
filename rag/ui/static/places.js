// Where the characters of a document stand: in its text as it is shown, and on the pages of its PDF.
(() => {
  "use strict";
  // The place of one character in the page; offsets count code points, the browser counts UTF-16.
  function place(lines, offset) {
    const all = lines.querySelectorAll("p[data-at]");
    let low = 0, high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(all[middle].dataset.at) <= offset) low = middle + 1;
      else high = middle;
    }
    if (!low) return null;
    let left = offset - Number(all[low - 1].dataset.at);
    const walk = document.createTreeWalker(all[low - 1], NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const points = [...node.data];
      if (left <= points.length) return [node, points.slice(0, left).join("").length];
      left -= points.length;
    }
    return null;
  }

  wenju.range = function range(lines, start, end) {
    const from = place(lines, start), to = place(lines, end);
    if (!from || !to) return null;
    const made = new Range();
    made.setStart(...from);
    made.setEnd(...to);
    return made;
  };

  wenju.say = (chinese, english) => (document.documentElement.lang === "en" ? english : chinese);

  // A page of a PDF, its picture not fetched yet.
  wenju.sheet = (wide, high, page) => {
    const sheet = document.createElement("div");
    sheet.className = "wj-sheet";
    sheet.dataset.page = page;
    sheet.style.aspectRatio = `${wide} / ${high}`;
    const picture = document.createElement("img");
    picture.loading = "lazy";
    picture.alt = wenju.say(`第 ${page} 页`, `page ${page}`);
    sheet.append(picture);
    return sheet;
  };

  // A rectangle on a page; its edges are shares of the page's width and height.
  wenju.box = ([left, top, right, bottom], kind) => {
    const made = document.createElement("span");
    made.className = `wj-box ${kind}`;
    const style = { left, top, width: right - left, height: bottom - top };
    for (const [name, share] of Object.entries(style)) made.style[name] = `${share * 100}%`;
    return made;
  };
})();
