// The overview of cells, one cell with its runs, one run with its levels, two cells level by level.

const HEADINGS = {n_train_levels: "training levels", flip_p: "flip p"};

function overview() {
  const keys = [...new Set(page.studies.flatMap(study => study.varying))];
  const columns = [
    ...(several() ? [{name: "study", value: cell => page.studies[cell.study].name, show: cell => page.studies[cell.study].name}] : []),
    {name: "cell", head: true, value: cell => cell.words, show: cell => make("a", {href: `#cell/${page.cells.indexOf(cell)}`}, cell.words)},
    ...keys.filter(() => keys.length > 1).map(key => ({name: HEADINGS[key] ?? key, value: cell => cell.keys[key],
      show: cell => key === "n_train_levels" ? whole(cell.keys[key]) : String(cell.keys[key])})),
    {name: "runs", value: cell => cell.runs, show: cell => whole(cell.runs)},
    ...page.parts.map(part => ({name: {train: "training", test: "held-out"}[part] ?? part,
      value: cell => cell.estimates[part][0], show: cell => interval(cell.estimates[part])})),
    {name: "verdict", value: cell => cell.verdict, show: cell =>
      make("span", {class: `verdict ${cell.verdict.replaceAll(" ", "-")}`}, cell.verdict)},
  ];
  const titles = page.studies.map(study => study.title).join(" and ");
  return {
    title: titles,
    trail: [],
    nodes: [
      make("p", {class: "lead"}, "From a cell to its runs, from a run to its levels: what was learnt, and where it fails."),
      table(`Mean episode return under “${page.studies[0].conditions[0]}” with 95 % intervals; the gap is training minus held-out.`,
        columns, page.cells, {filter: cell => `${cellName(cell)} ${Object.values(cell.keys).join(" ")} ${cell.verdict}`}),
      pairing(0, Math.min(1, page.cells.length - 1)),
    ],
  };
}

function pairing(first, second) {
  if (page.cells.length < 2) return null;
  const options = page.cells.map((cell, place) => [place, cellName(cell)]);
  let one = first, two = second;
  return make("section", {"aria-label": "Two cells level by level"},
    make("h2", {}, "Two cells level by level"),
    make("div", {class: "controls"},
      choice("First", options, one, value => { one = value; }),
      choice("Second", options, two, value => { two = value; }),
      make("button", {type: "button", onclick: () => { location.hash = `#compare/${one}/${two}`; }}, "Compare")));
}

function cellView(place) {
  const cell = page.cells[place];
  if (!cell) return null;
  const pools = page.studies[cell.study].pools;
  const gap = member => known(member.means.train) && known(member.means.test) ? member.means.train - member.means.test : null;
  const columns = [
    {name: "run", head: true, value: member => member.seed, show: member => known(member.drawn) || page.served
      ? make("a", {href: `#run/${refOf(place, member.id)}`}, `seed ${member.seed}`) : `seed ${member.seed} (not drawn)`},
    ...pools.map(pool => ({name: poolName(pool), value: member => member.means[pool], show: member => number(member.means[pool])})),
    {name: "gap", value: gap, show: member => number(gap(member))},
  ];
  return {
    title: cellName(cell),
    trail: [],
    nodes: [
      make("p", {}, make("strong", {}, cell.verdict), cell.because ? ` (${cell.because})` : "", ": training ",
        interval(cell.estimates.train), "held-out ", interval(cell.estimates.test), "gap ", interval(cell.estimates.gap)),
      table("Mean return of each run, by pool.", columns, cell.members, {sorted: columns.at(-1), falling: true}),
      pairing(place, place ? 0 : 1),
    ],
  };
}

function runView(run) {
  const faced = conditionsOf(run);
  let condition = 0, pool = "";
  const place = make("div");
  const count = name => run.levels.filter(entry => !name || entry.pool === name).length;
  const pools = [...new Set(run.levels.map(entry => entry.pool))];
  function render() {
    const get = name => entry => valueOf(entry, condition, name);
    const columns = [
      {name: "level", head: true, value: entry => entry.id, show: entry => make("a", {href: levelLink(run, entry)}, entry.id)},
      {name: "pool", value: entry => entry.pool, show: entry => poolName(entry.pool)},
      {name: "return", value: get("ret_mean"), show: entry => known(get("ret_mean")(entry)) ? number(get("ret_mean")(entry)) : "not evaluated"},
      {name: "best", value: get("oracle_ret"), show: entry => number(get("oracle_ret")(entry))},
      {name: "random", value: get("random_ret"), show: entry => number(get("random_ret")(entry))},
      {name: "solved", value: get("p_solved"), show: entry => percent(get("p_solved")(entry))},
      {name: "timed out", value: get("p_timeout"), show: entry => percent(get("p_timeout")(entry))},
      {name: "steps", value: get("len_mean"), show: entry => number(get("len_mean")(entry), 1)},
      ...(run.levels.some(entry => entry.twin) ? [{name: "nearest training level", value: entry => entry.twin?.[1],
        show: entry => entry.twin ? `${entry.twin[1]} cells apart` : dash}] : []),
    ];
    // What is known of no level is no column.
    const filled = columns.filter(column => run.levels.some(entry => known(column.value(entry))));
    place.replaceChildren(table(`Levels under “${faced[condition]}”, from the worst to the best.`, filled,
      run.levels.filter(entry => !pool || entry.pool === pool), {sorted: columns[2]}));
  }
  render();
  return {
    title: runName(run),
    trail: [[`#cell/${run.cell}`, cellName(cellOf(run))]],
    nodes: [
      ...notes(run),
      make("div", {class: "controls"},
        choice("Condition", faced.map((name, number) => [number, name]), 0, value => { condition = Number(value); render(); }),
        choice("Pool", [["", `all (${count("")})`], ...pools.map(name => [name, `${poolName(name)} (${count(name)})`])], "",
          value => { pool = value; render(); })),
      place,
    ],
  };
}

const notes = run => run.notes.length
  ? [make("div", {class: "warning-line"}, run.notes.map(note => make("p", {}, note)))] : [];
const levelLink = (run, entry) => `#run/${ref(run)}/${encodeURIComponent(entry.pool)}/${entry.id}`;

function compareView(one, two) {
  const cells = [page.cells[one], page.cells[two]];
  if (!cells[0] || !cells[1]) return null;
  const alike = cells[0].world === cells[1].world;
  const rows = [];
  for (const [pool, [levels, returns]] of Object.entries(alike ? cells[0].levels : {})) {
    const others = new Map((cells[1].levels[pool]?.[0] ?? []).map((level, place) => [level, cells[1].levels[pool][1][place]]));
    levels.forEach((level, place) => {
      if (others.has(level)) rows.push({pool, level, returns: [returns[place], others.get(level)]});
    });
  }
  const difference = row => row.returns[0] - row.returns[1];
  const drawn = cells.map((cell, side) => page.runs.filter(run => run.cell === Number(side ? two : one)));
  function link(row) {
    const [first, second] = drawn.map(runs => runs.find(run => page.served || run.levels.some(entry => entry.pool === row.pool && entry.id === row.level)));
    if (!first) return row.level;
    const beside = second && second !== first ? `/beside/${ref(second)}` : "";
    return make("a", {href: levelLink(first, {pool: row.pool, id: row.level}) + beside}, row.level);
  }
  const columns = [
    {name: "level", head: true, value: row => row.level, show: link},
    {name: "pool", value: row => row.pool, show: row => poolName(row.pool)},
    {name: "first", value: row => row.returns[0], show: row => number(row.returns[0])},
    {name: "second", value: row => row.returns[1], show: row => number(row.returns[1])},
    {name: "difference", value: difference, show: row => number(difference(row))},
  ];
  const better = rows.filter(row => difference(row) > 1e-9).length, worse = rows.filter(row => difference(row) < -1e-9).length;
  return {
    title: "Level by level",
    trail: [],
    nodes: [
      make("ul", {}, make("li", {}, `First: ${cellName(cells[0])}`), make("li", {}, `Second: ${cellName(cells[1])}`)),
      rows.length
        ? make("p", {}, `The first has the higher mean return on ${whole(better)} levels, the second on ${whole(worse)} of ${whole(rows.length)}.`)
        : make("p", {class: "warning-line"}, alike ? "All runs of both must have played the same held-out levels, and these have not."
          : "Their levels are others: they differ in the family, its options or its version."),
      rows.length ? table("Mean return over the runs of each, on the levels that all of them played.", columns, rows, {sorted: columns.at(-1)}) : null,
      pairing(one, two),
    ],
  };
}
