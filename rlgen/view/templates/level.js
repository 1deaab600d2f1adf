// The page of one level: conditions, runs and the nearest training level side by side.

async function levelView(run, pool, level, options) {
  const entry = run.levels.find(own => own.pool === pool && own.id === level);
  if (!entry) return null;
  const faced = conditionsOf(run), steps = run.times[pool] ?? [];
  const hidden = new Set(), shown = {arrows: true, planner: true};
  let step = options.step === null || !steps.includes(options.step) ? steps.length : steps.indexOf(options.step);
  const beside = options.beside ? runOf(options.beside) : null;
  const groups = [[run, entry, "", 0]];
  const other = beside?.levels.find(own => own.pool === pool && own.id === level);
  if (other) groups.push([beside, other, `Beside it: ${runName(beside)}`, 0]);
  if (entry.twin) {
    const [id, differing, cells] = entry.twin, twin = run.levels.find(own => own.pool === "train" && own.id === id);
    if (twin) groups.push([run, twin, `The nearest training level, ${id}: ${differing} of ${cells} cells differ`, 1]);
  }
  const place = make("div"), panels = [], told = make("p", {role: "status", class: "rule"});

  async function fillPlace() {
    panels.length = 0;
    const sections = [];
    for (const [owner, own, heading, twin] of groups) {
      const bytes = known(own.walk) ? await walkOf(owner, own) : null;
      const made = faced.flatMap((name, condition) => hidden.has(condition) ? [] : [panel(owner, own, bytes, condition, twin)]);
      sections.push(make("section", {"aria-label": heading || `${poolName(pool)} level ${level}`}, heading ? make("h2", {}, heading) : null,
        make("div", {class: "panels"}, made)));
    }
    place.replaceChildren(...sections);
    render();
  }

  function panel(owner, own, bytes, condition, twin) {
    const own_faced = conditionsOf(owner), name = faced[condition], at = own_faced.indexOf(name);
    const plan = known(own.plan) ? page.plans[own.plan] : null, get = key => at < 0 ? null : valueOf(own, at, key);
    const ends = [["best", "oracle_ret"], ["random", "random_ret"]].filter(([, key]) => known(get(key)));
    const scale = ends.length ? ends.map(([word, key]) => `${word} ${number(get(key))}`).join(", ") : "best and random not known";
    const solved = known(get("p_solved")) ? `solved ${percent(get("p_solved"))}, ` : "";
    const caption = make("figcaption", {}, make("strong", {}, name), at < 0 ? ": not evaluated" : known(get("ret_mean"))
      ? `: return ${number(get("ret_mean"))} (${scale}); ${solved}timed out ${percent(get("p_timeout"))}, ${number(get("len_mean"), 1)} steps`
      : ": the run was not evaluated on this level");
    const label = `${poolName(own.pool)} level ${own.id} under ${name}`;
    if (!plan) return make("figure", {}, caption, make("p", {class: "why"}, "there is no drawing of this level"));
    if (plan.picture) return make("figure", {}, make("img", {class: "picture", alt: label, src: `data:image/png;base64,${plan.picture}`}), caption);
    const walked = owner.walked.indexOf(name);
    const walk = bytes && walked >= 0 ? unpacked(bytes, own, plan, walked, owner.times[own.pool]) : null;
    const drawn = board(plan, walk, label, owner.times[own.pool] ?? []), inspected = make("p", {class: "inspected rule", "aria-live": "polite"});
    const mine = {drawn, inspected, twin, walk, own, name, cell: null};
    panels.push(mine);
    drawn.element.addEventListener("keydown", event => pressed(event, mine));
    drawn.picture.addEventListener("click", event => {
      const box = drawn.picture.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / box.width * drawn.columns), row = Math.floor((event.clientY - box.top) / box.height * drawn.rows);
      inspect(mine, row * drawn.columns + column);
    });
    const numbers = walk ? make("details", {}, make("summary", {}, "The most visited cells as a table")) : null;
    numbers?.addEventListener("toggle", () => { if (numbers.children.length === 1) numbers.append(visited(plan, walk, label)); });
    return make("figure", {}, drawn.element, caption, inspected, numbers);
  }

  function pressed(event, mine) {
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!move) return;
    event.preventDefault();
    const {columns, rows} = mine.drawn, cell = mine.cell ?? Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    const column = Math.min(columns - 1, Math.max(0, cell % columns + move[0])), row = Math.min(rows - 1, Math.max(0, Math.floor(cell / columns) + move[1]));
    inspect(mine, row * columns + column);
  }

  // The same cell of the same level in every panel, so that conditions can be compared.
  function inspect(mine, cell) {
    for (const each of panels) if (each.twin === mine.twin) {
      each.cell = cell;
      each.inspected.setAttribute("aria-live", each === mine ? "polite" : "off");
      each.inspected.classList.add("used");
      each.inspected.textContent = each.drawn.inspect(cell, step);
    }
  }

  function render() {
    for (const each of panels) {
      each.drawn.render(step, shown);
      if (each.cell !== null) each.inspected.textContent = each.drawn.inspect(each.cell, step);
    }
    if (slider) {
      const text = step >= steps.length ? "whole episode" : `step ${steps[step]}`;
      slider.setAttribute("aria-valuetext", text);
      const alive = panels.filter(each => each.walk && each.own === entry);
      told.textContent = step >= steps.length ? "Colour: expected visits of the whole episode, computed and not sampled."
        : `Colour: where the agent is before step ${steps[step]}; episodes that go on: ${alive.map(each => `${each.name} ${percent(each.walk.alive[step])}`).join(", ")}.`;
    }
  }

  const slider = steps.length ? make("input", {type: "range", min: 0, max: steps.length, step: 1, value: step, "aria-label": "Step", oninput: () => {
    step = Number(slider.value);
    history.replaceState(null, "", link(step < steps.length ? steps[step] : null));
    render();
  }}) : null;
  const link = at => levelLink(run, entry) + (beside ? `/beside/${ref(beside)}` : "") + (known(at) ? `/step/${at}` : "");
  const check = (label, checked, changed) => make("label", {}, make("input", {type: "checkbox", checked, onchange: event => changed(event.target.checked)}), label);
  const others = page.runs.filter(own => own !== run && own.levels.some(one => one.pool === pool && one.id === level));
  const mates = run.levels.filter(own => own.pool === pool).sort((a, b) => (valueOf(a, 0, "ret_mean") ?? 1e9) - (valueOf(b, 0, "ret_mean") ?? 1e9));
  const rank = mates.indexOf(entry), plan = known(entry.plan) ? page.plans[entry.plan] : null;
  const step_to = (own, text) => own ? make("a", {href: levelLink(run, own) + (beside ? `/beside/${ref(beside)}` : "")}, text) : null;
  await fillPlace();
  return {
    title: `${poolName(pool)} level ${level}`.replace(/^./, letter => letter.toUpperCase()),
    trail: [[`#cell/${run.cell}`, cellName(cellOf(run))], [`#run/${ref(run)}`, `seed ${run.seed}`]],
    nodes: [
      make("p", {class: "steps"}, step_to(mates[rank - 1], "← worse level"), step_to(mates[rank + 1], "better level →")),
      ...notes(run),
      make("div", {class: "controls"},
        slider ? make("label", {}, "Step (at the right end: the whole episode)", slider) : null,
        faced.length > 1 ? make("fieldset", {}, make("legend", {}, "Conditions"), faced.map((name, condition) => check(name, true, on => {
          if (on) hidden.delete(condition); else hidden.add(condition);
          fillPlace();
        }))) : null,
        plan?.walls ? make("fieldset", {}, make("legend", {}, "Draw"), check("planner’s path", true, on => { shown.planner = on; render(); }),
          known(entry.walk) ? check("arrows", true, on => { shown.arrows = on; render(); }) : null) : null,
        others.length ? choice("Beside it", [["", "nothing"], ...others.map(own => [ref(own), runName(own)])], beside ? ref(beside) : "",
          value => { location.hash = levelLink(run, entry) + (value ? `/beside/${value}` : ""); }) : null),
      slider ? told : null,
      place,
      plan?.walls ? key(plan) : null,
    ],
  };
}

function visited(plan, walk, label) {
  const columns = plan.size[0];
  const rows = [...walk.places].sort((a, b) => walk.visits[b[1]] - walk.visits[a[1]]).slice(0, 12);
  return make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": `Most visited cells of ${label}`}, make("table", {},
    make("thead", {}, make("tr", {}, ["column", "row", "expected visits", "most probable action"].map(name => make("th", {scope: "col"}, name)))),
    make("tbody", {}, rows.map(([cell, place]) => {
      const action = walk.best(place);
      return make("tr", {}, make("td", {}, String(cell % columns + 1)), make("td", {}, String(Math.floor(cell / columns) + 1)),
        make("td", {}, short(walk.visits[place])), make("td", {}, `${words(plan, action)} ${percent(walk.chance(place, action))}`));
    }))));
}
