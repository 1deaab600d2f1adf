// Addresses after the hash, and the page that each shows.

const say = text => { document.getElementById("status").textContent = text; };

async function viewOf(parts) {
  const [kind, ...rest] = parts;
  if (kind === "cell") return cellView(Number(rest[0]));
  if (kind === "compare") return compareView(Number(rest[0]), Number(rest[1]));
  if (kind !== "run") return overview();
  const run = await wholeRun(rest[0]);
  if (!run || rest.length < 3) return run ? runView(run) : null;
  const after = name => rest.includes(name, 3) ? rest[rest.indexOf(name, 3) + 1] : null;
  const step = after("step");
  if (page.served) {
    const beside = after("beside") ? await wholeRun(after("beside")) : null;
    for (const own of beside ? [run, beside] : [run]) await drawLevel(own, rest[1], rest[2]);
  }
  return levelView(run, rest[1], rest[2], {beside: after("beside"), step: step === null ? null : Number(step)});
}

// A run of the page; where it is served, any run, with all its levels.
async function wholeRun(text) {
  const run = runOf(text) ?? (page.served ? await servedRun(text) : null);
  if (run && page.served) await complete(run);
  return run;
}

let first = true, latest = 0;

async function show() {
  const text = location.hash.slice(1);
  if (text === "main") return;
  const turn = ++latest;
  const view = await viewOf(text.split("/").map(decodeURIComponent)).catch(error => {
    if (!page.served) throw error;
    return {title: "Not computed", trail: [], nodes: [make("p", {}, error.message)]};
  }) ?? {
    title: "Not on this page", trail: [], nodes: [make("p", {}, "There is nothing with this address: it may have been made with other options.")]};
  if (turn !== latest) return;
  const heading = make("h1", {tabindex: -1}, view.title);
  document.getElementById("main").replaceChildren(heading, ...view.nodes.filter(node => node));
  const steps = [["#overview", "All cells"], ...view.trail];
  document.getElementById("trail").replaceChildren(...steps.map(([href, name]) => make("li", {}, make("a", {href}, name))),
    make("li", {"aria-current": "page"}, view.title));
  document.title = view.title;
  if (!first) {
    window.scrollTo(0, 0);
    heading.focus({preventScroll: true});
    say(view.title);
  }
  first = false;
}

async function begin() {
  const text = new TextDecoder().decode(await inflated(held("document")));
  page = JSON.parse(text);
  window.addEventListener("hashchange", show);
  await show();
}

begin();
