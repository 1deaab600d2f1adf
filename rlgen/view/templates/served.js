// What a served page asks for: runs and levels that are not on it. In a file nothing is asked.

const listed = new Set();

// The answer, or null where there is none.
async function asked(...parts) {
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  say("computing");
  try {
    const address = parts.map(part => encodeURIComponent(part)).join("/");
    const response = await fetch(location.pathname + address).catch(() => {
      throw new Error("rlgen view --serve does not answer: it has ended, or is busy.");
    });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? `The answer is ${response.status}.`);
    return await response.json();
  } finally {
    main.removeAttribute("aria-busy");
    say("");
  }
}

// The levels of an answer with its own drawings and bytes, as those of the page.
async function drawnLevels({run, plans, walks: text}) {
  const bytes = await inflated(text), first = page.plans.length;
  page.plans.push(...plans);
  for (const entry of run.levels) {
    if (known(entry.plan)) entry.plan += first;
    if (known(entry.walk)) walks.set(entry, bytes);
  }
  return run.levels;
}

async function servedRun(text) {
  for (const [place, cell] of page.cells.entries()) {
    const member = cell.members.find(own => refOf(place, own.id) === text);
    if (!member) continue;
    const answer = await asked("run", place, member.id);
    // Another address may have brought it in the meantime.
    if (!answer || known(member.drawn)) return runOf(text) ?? null;
    await drawnLevels(answer);
    member.drawn = page.runs.push(answer.run) - 1;
    return answer.run;
  }
  return null;
}

// All levels of the run in its list; those that are not drawn are marked so.
async function complete(run) {
  if (listed.has(run)) return;
  const answer = await asked("levels", run.cell, run.id);
  if (!answer || listed.has(run)) return;
  listed.add(run);
  const there = new Set(run.levels.map(entry => `${entry.pool}/${entry.id}`));
  for (const entry of answer.levels)
    if (!there.has(`${entry.pool}/${entry.id}`)) run.levels.push({...entry, undrawn: true});
  run.notes.push(...answer.notes);
}

// One level of the run, drawn, with the training level nearest to it.
async function drawLevel(run, pool, level) {
  const present = run.levels.find(entry => entry.pool === pool && entry.id === level);
  if (present && !present.undrawn) return;
  const answer = await asked("level", run.cell, run.id, pool, level);
  if (!answer) return;
  for (const entry of await drawnLevels(answer)) {
    const place = run.levels.findIndex(own => own.pool === entry.pool && own.id === entry.id);
    if (place < 0) run.levels.push(entry);
    else if (run.levels[place].undrawn) run.levels[place] = entry;
  }
  // What the answer says of the run is new only where its page drew none of this pool.
  for (const [name, steps] of Object.entries(answer.run.times)) run.times[name] ??= steps;
  if (!run.walked.length) run.walked = answer.run.walked;
}
