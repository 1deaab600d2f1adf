// Tables that are sorted by their heads and filtered by a word.

const MOST_ROWS = 200;

// columns: {name, value: row => number or text to sort by, show: row => node or text, head}.
function table(caption, columns, rows, {sorted = null, falling = false, filter = null} = {}) {
  const body = make("tbody"), count = make("p", {class: "rule"}), heads = [];
  const search = filter && make("input", {type: "search", oninput: () => { shown = MOST_ROWS; render(); }});
  const more = make("button", {type: "button", onclick: () => { shown += MOST_ROWS; render(); }}, "Show more");
  let shown = MOST_ROWS;

  function compare(one, two) {
    const [a, b] = [sorted.value(one), sorted.value(two)];
    if (!known(a) || !known(b)) return known(b) - known(a);
    const order = typeof a === "string" ? a.localeCompare(b, "en", {numeric: true}) : a - b;
    return falling ? -order : order;
  }

  function render() {
    const word = search ? search.value.trim().toLowerCase() : "";
    const kept = word ? rows.filter(row => filter(row).toLowerCase().includes(word)) : [...rows];
    if (sorted) kept.sort(compare);
    body.replaceChildren(...kept.slice(0, shown).map(row => make("tr", {}, columns.map(column =>
      make(column.head ? "th" : "td", column.head ? {scope: "row"} : {}, column.show(row))))));
    heads.forEach((head, place) => {
      if (columns[place] === sorted) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    count.textContent = `${whole(Math.min(shown, kept.length))} of ${whole(rows.length)} rows`;
    more.hidden = kept.length <= shown;
  }

  for (const column of columns) heads.push(make("th", {scope: "col"}, make("button", {type: "button", onclick: () => {
    falling = column === sorted ? !falling : false;
    sorted = column;
    render();
    say(`sorted by ${column.name}, ${falling ? "falling" : "rising"}`);
  }}, column.name)));
  render();
  return make("div", {},
    search ? make("div", {class: "controls"}, make("label", {}, "Only rows with", search)) : null,
    make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption},
      make("table", {}, make("caption", {}, make("span", {}, caption)), make("thead", {}, make("tr", {}, heads)), body)),
    count, more);
}

function choice(label, options, chosen, changed) {
  const select = make("select", {onchange: () => changed(select.value)},
    options.map(([value, text]) => make("option", {value, selected: String(value) === String(chosen)}, text)));
  return make("label", {}, label, select);
}
