// What everything else is made of: elements, numbers, and the data of the page.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value === true ? "" : String(value));
  }
  // Texts become text nodes: nothing that a store holds is ever markup.
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
}

const make = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

const known = value => value !== null && value !== undefined;
const dash = "–";

function number(value, digits = 2) {
  if (!known(value)) return dash;
  const text = value.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
  return text.replace("-", /[1-9]/.test(text) ? "−" : "");
}

const short = value => known(value) ? Number(value.toPrecision(3)).toLocaleString("en", {maximumSignificantDigits: 3}) : dash;
const whole = value => known(value) && value >= 0 ? value.toLocaleString("en") : dash;

function percent(value) {
  if (!known(value)) return dash;
  if (value > 0 && value < 0.0005) return "< 0.1 %";
  if (value < 1 && value > 0.995) return value > 0.9995 ? "> 99.9 %" : `${number(100 * value, 1)} %`;
  return `${number(100 * value, value > 0 && value < 0.0995 ? 1 : 0)} %`;
}

function interval([mean, low, high, reason]) {
  const ends = known(low) ? ` [${number(low)}, ${number(high)}]` : "";
  return make("span", {}, number(mean), make("span", {class: "interval"}, ends),
    reason ? make("span", {class: "why"}, reason) : null);
}

const held = id => document.getElementById(id).textContent;

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function half(low, high) {
  const sign = high >> 7 ? -1 : 1, exponent = high >> 2 & 31, fraction = (high & 3) << 8 | low;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

let page = null;
// The bytes of a run, or of one of its levels that came later.
const walks = new Map();

async function walkOf(run, entry) {
  if (walks.has(entry)) return walks.get(entry);
  if (!walks.has(run)) walks.set(run, await inflated(held(`walk-${page.runs.indexOf(run)}`)));
  return walks.get(run);
}

const poolName = pool => ({train: "training", test: "held-out"})[pool] ?? pool;
// Two studies may hold the same run: that of the second has another address.
const firstCells = new Map();
function refOf(cell, id) {
  if (!firstCells.size)
    page.cells.forEach((own, place) => own.members.forEach(member => {
      if (!firstCells.has(member.id)) firstCells.set(member.id, place);
    }));
  return firstCells.get(id) === cell ? id : `${id}.2`;
}
const ref = run => refOf(run.cell, run.id);
const runOf = text => page.runs.find(run => ref(run) === text);
const cellOf = run => page.cells[run.cell];
const several = () => page.studies.length > 1;
const cellName = cell => (several() ? `${page.studies[cell.study].name}: ` : "") + cell.words;
const runName = run => `${cellName(cellOf(run))}, seed ${run.seed}`;
const conditionsOf = run => page.studies[cellOf(run).study].conditions;
const valueOf = (entry, condition, name) => {
  const own = entry.numbers[condition];
  return own ? own[page.numbers.indexOf(name)] : null;
};
