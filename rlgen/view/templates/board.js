// One level, drawn: walls, objects, the planner's path, and what a policy does.

const words = (plan, action) => {
  const [columns, rows] = plan.moves[action];
  const name = {"0,-1": "up", "0,1": "down", "-1,0": "left", "1,0": "right", "0,0": "stay"}[`${columns},${rows}`];
  return name ?? `action ${action}`;
};

function letters(objects) {
  const used = new Set();
  return objects.map(([name], place) => {
    const free = [...name.toUpperCase()].find(letter => /[A-Z]/.test(letter) && !used.has(letter)) ?? String(place + 1);
    used.add(free);
    return free;
  });
}

// What a policy does on a level under one condition, from the bytes of its run.
function unpacked(bytes, entry, plan, condition, steps) {
  const free = [...plan.walls].flatMap((mark, cell) => mark === "#" ? [] : [cell]);
  const [n, actions, k] = [free.length, plan.moves.length, steps.length];
  let at = entry.walk + condition * (2 * n + actions * n + 2 * k + k * n);
  const take = size => bytes.subarray(at, at += size);
  const low = take(n), high = take(n), acted = take(actions * n), alive = take(2 * k), present = take(k * n);
  return {
    places: new Map(free.map((cell, place) => [cell, place])),
    visits: Array.from(low, (byte, place) => half(byte, high[place])),
    chance: (place, action) => acted[action * n + place] / 255,
    alive: steps.map((_, step) => half(alive[2 * step], alive[2 * step + 1])),
    present: (place, step) => (present[step * n + place] / 255) ** 2,
    best: place => {
      let most = 0;
      for (let action = 1; action < actions; action++)
        if (acted[action * n + place] > acted[most * n + place]) most = action;
      return most;
    },
  };
}

function marker(kind, x, y, letter) {
  const shape = kind === "gain" ? draw("circle", {class: kind, cx: x, cy: y, r: 0.34})
    : draw("rect", {class: kind, x: x - 0.31, y: y - 0.31, width: 0.62, height: 0.62, rx: 0.06});
  return draw("g", {}, shape, draw("text", {class: "letter", x, y: y + 0.15}, letter));
}

function arrow(plan, x, y, action, chance, strength) {
  const [dx, dy] = plan.moves[action], opacity = (0.25 + 0.75 * strength).toFixed(2);
  if (!dx && !dy) return draw("circle", {class: "stay", cx: x, cy: y, r: 0.05 + 0.07 * chance, opacity});
  const long = Math.hypot(dx, dy), [ux, uy] = [dx / long, dy / long], r = 0.16 + 0.2 * chance;
  const tip = [x + r * ux, y + r * uy], back = 0.14;
  const wing = side => `${(tip[0] - back * (ux - side * uy)).toFixed(2)} ${(tip[1] - back * (uy + side * ux)).toFixed(2)}`;
  const d = `M${(x - r * ux).toFixed(2)} ${(y - r * uy).toFixed(2)}L${tip.map(v => v.toFixed(2)).join(" ")}M${wing(1)}L${tip.map(v => v.toFixed(2)).join(" ")}L${wing(-1)}`;
  return draw("path", {class: "arrow", d, "stroke-width": (0.03 + 0.07 * chance).toFixed(3), opacity});
}

// A board that can be drawn anew for another step without being made anew.
function board(plan, walk, label, steps) {
  const [columns, rows] = plan.size, centre = cell => [cell % columns + 0.5, Math.floor(cell / columns) + 0.5];
  const heat = draw("g"), moves = draw("g"), agent = draw("g"), cursor = draw("g");
  const tiles = [...plan.walls].flatMap((mark, cell) => mark === "#"
    ? [draw("rect", {class: "walls", x: cell % columns, y: Math.floor(cell / columns), width: 1, height: 1})] : []);
  const marks = letters(plan.objects);
  const path = plan.path ? draw("polyline", {class: "path", points: trace(plan).map(point => point.map(v => v.toFixed(2)).join(",")).join(" ")}) : null;
  const start = plan.path?.length ? draw("circle", {class: "start", cx: centre(plan.path[0])[0], cy: centre(plan.path[0])[1], r: 0.42}) : null;
  const picture = draw("svg", {viewBox: `0 0 ${columns} ${rows}`, role: "img", "aria-label": label},
    draw("rect", {class: "floor", width: columns, height: rows}), heat, tiles, moves, path, start,
    plan.objects.map(([, column, row, reward], place) => marker(reward < 0 ? "loss" : "gain", column + 0.5, row + 0.5, marks[place])),
    agent, cursor);
  const element = make("div", {class: "board", tabindex: 0, role: "group", "aria-roledescription": "level",
    "aria-label": `${label}. Arrow keys move from cell to cell.`}, picture);

  function render(step, {arrows, planner}) {
    path?.setAttribute("visibility", planner ? "visible" : "hidden");
    const late = step < steps.length && planner && plan.path?.length
      ? centre(plan.path[Math.min(steps[step], plan.path.length - 1)]) : null;
    agent.replaceChildren(...(late ? [draw("circle", {class: "at", cx: late[0], cy: late[1], r: 0.17})] : []));
    if (!walk) return;
    const most = Math.max(...walk.visits, 1e-9), all = step >= steps.length;
    const level = place => all ? Math.sqrt(walk.visits[place] / most) : Math.sqrt(walk.present(place, step));
    heat.replaceChildren(...[...walk.places].filter(([, place]) => level(place) > 0.004).map(([cell, place]) =>
      draw("rect", {class: "heat", x: cell % columns, y: Math.floor(cell / columns), width: 1, height: 1,
        "fill-opacity": (0.85 * Math.min(1, level(place))).toFixed(3)})));
    moves.replaceChildren(...(arrows ? [...walk.places].map(([cell, place]) => {
      const action = walk.best(place);
      return arrow(plan, ...centre(cell), action, walk.chance(place, action), Math.sqrt(Math.min(1, walk.visits[place])));
    }) : []));
  }

  function inspect(cell, step) {
    cursor.replaceChildren(draw("rect", {class: "cursor", x: cell % columns + 0.05, y: Math.floor(cell / columns) + 0.05, width: 0.9, height: 0.9}));
    const object = plan.objects.find(([, column, row]) => row * columns + column === cell);
    const parts = [`Column ${cell % columns + 1}, row ${Math.floor(cell / columns) + 1}`];
    if (plan.walls[cell] === "#") parts.push("wall");
    if (object) parts.push(`${object[0]}, reward ${number(object[3])}`);
    const place = walk?.places.get(cell);
    if (place !== undefined) {
      parts.push(`${short(walk.visits[place])} expected visits`);
      if (step < steps.length) parts.push(`there at step ${steps[step]} with ${percent(walk.present(place, step))}`);
      parts.push(plan.moves.map((_, action) => [walk.chance(place, action), action]).sort((a, b) => b[0] - a[0])
        .map(([chance, action]) => `${words(plan, action)} ${percent(chance)}`).join(", "));
    }
    return parts.join("; ");
  }
  return {element, picture, render, inspect, columns, rows};
}

// The planner's cells, drifting a little so that the way back is visible.
function trace(plan) {
  return plan.path.map((cell, step) => {
    const turn = step / 4;
    return [cell % plan.size[0] + 0.5 + 0.11 * Math.cos(turn), Math.floor(cell / plan.size[0]) + 0.5 + 0.11 * Math.sin(turn)];
  });
}

function key(plan) {
  const marks = letters(plan.objects);
  return make("ul", {class: "key"}, plan.objects.map(([name, , , reward], place) => make("li", {},
    draw("svg", {viewBox: "0 0 1 1", "aria-hidden": "true"}, marker(reward < 0 ? "loss" : "gain", 0.5, 0.5, marks[place])),
    ` ${name} ${reward > 0 ? "+" : ""}${number(reward)}`)),
  make("li", {}, "ring: start"), make("li", {}, "dashed: the planner’s path"), make("li", {}, "arrow: most probable action, longer if surer, fainter where it seldom is"),
  make("li", {}, "colour: expected visits, or the probability of being there"));
}
