"use strict";
// What the page can do beyond being read: filter, sort, take decisions and save them. Without it everything is there and nothing is hidden.
{
  const RANK = ["error", "warning", "info", "nothing", "none", "read", "low", "create", "update", "medium", "delete", "high", "admin", "critical"];
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  const lone = (node) => (node && node.nodeType === Node.TEXT_NODE ? node.data.trim() : "");
  // What the row of a permission does not say itself.
  const about = (row) => {
    const resource = lone(row.cells[0].firstChild), environment = lone(one("tr.group th", row.parentElement).firstChild);
    const system = one("td[id]", row).dataset.system ?? (resource.split(".", 1)[0].trim() || one("i", row.cells[0]).textContent);
    const place = all(".facts code + small, .facts small + small", row.closest("article")).find((each) => each.textContent === `${system} (${environment})`);
    let whose = one(".whose", row) ?? place;
    while (whose && whose.matches("small")) whose = whose.previousElementSibling;
    return { resource, environment, system, principal: whose ? whose.textContent.trim() : "" };
  };

  // What is told once for many agents is put where it belongs, with the names that belong there.
  for (const link of all('a[href^="#k"]')) {
    const told = one("td:nth-child(3)", document.getElementById(link.hash.slice(1))).cloneNode(true);
    const article = link.closest("article"), row = link.closest(".perms tr:not(.group)");
    const names = { AGENT: one("h3 bdi", article).textContent, FILE: one(".facts dd > code", article).textContent };
    if (row) { const { resource, principal, system } = about(row); Object.assign(names, { RESOURCE: resource, PRINCIPAL: principal, SYSTEM: system }); }
    const group = link.closest("tr.group");
    if (group) {
      const systems = new Set(all("tr:not(.group)", group.parentElement).map((each) => about(each).system));
      if (systems.size === 1) [names.SYSTEM] = systems;
      const hole = all("bdi var", told).find((each) => each.textContent === "SYSTEM");
      if (hole && systems.size > 1) one("bdi", told).append(" (", hole.cloneNode(true), `: ${[...systems].join(", ")})`);
    }
    for (const hole of all("var", told)) { if (hole.textContent in names) hole.replaceWith(names[hole.textContent]); }
    link.replaceWith(...(link.closest(".notes") ? told : one("bdi", told)).childNodes);
  }
  for (const link of all("article .facts a")) link.replaceWith(one("td > *", document.getElementById(link.hash.slice(1))).cloneNode(true));

  // Before controls are added, so that the filter reads the report's words alone.
  const rows = all("table.rows > tbody > tr:not(.group)").map((row) => {
    const article = row.closest("article");
    const whose = article ? one("h3 bdi", article).textContent + " " + one("dd", article).textContent : "";
    const group = article && one("tr.group", row.parentElement);
    const agents = all(".by th > a, .agents a", row).map((link) => document.getElementById(link.hash.slice(1)));
    return { row, article, agents, text: `${row.textContent} ${whose} ${group ? group.textContent : ""}`.toLowerCase() };
  });
  const articles = all("article");
  const live = one(".perms.live") !== null;

  document.documentElement.classList.add("js");
  one("main").before(one("#bar").content.cloneNode(true));
  const words = one("#words"), state = one("#state"), everything = one("#everything"), found = one("#found");
  const by = one("#by"), on = one("#on"), save = one("#save"), saved = one("#saved");

  // Filter. What is filtered out is counted, and still printed (style.css).
  const filter = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean), letter = state.value;
    const has = (row) => {
      const permission = one("td[id]", row);
      if (letter === "k") return permission !== null && !row.classList.contains("k") && !permission.dataset.choice;
      return !letter || row.closest(`.${letter}`) !== null || (letter === "q" && permission !== null && !live);
    };
    const matches = ({ row, text }) => asked.every((word) => text.includes(word)) && has(row);
    const kept = new Set(articles.filter((article) => !letter && asked.length === 0));
    let shown = 0, own = 0;
    for (const each of rows) {
      if (!each.article) continue;
      const fits = matches(each);
      each.row.classList.toggle("out", !fits);
      own += 1;
      if (fits) { shown += 1; kept.add(each.article); }
    }
    for (const article of articles) {
      if (!letter && asked.every((word) => one("h3", article).textContent.toLowerCase().includes(word))) kept.add(article);
      article.classList.toggle("out", !kept.has(article));
    }
    for (const each of rows) {
      if (each.article) continue;
      const fits = (letter && each.row.closest(".by")) || matches(each);
      each.row.classList.toggle("out", !fits || (each.agents.length > 0 && !each.agents.some((agent) => kept.has(agent))));
      for (const item of all(".agents li", each.row)) item.classList.toggle("out", !kept.has(document.getElementById(one("a", item).hash.slice(1))));
    }
    for (const head of all("tr.group")) {
      head.classList.toggle("out", all("tr:not(.group)", head.parentElement).every((row) => row.classList.contains("out")));
    }
    everything.disabled = !letter && asked.length === 0;
    found.textContent = everything.disabled ? "" :
      `${count(shown, "row")} of ${own.toLocaleString("en")} in ${kept.size} of ${count(articles.length, "agent")}; ` +
      `${(own - shown).toLocaleString("en")} filtered out.`;
  };
  const reset = () => { words.value = ""; state.value = ""; filter(); };
  let waiting;
  words.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  state.addEventListener("change", filter);
  everything.addEventListener("click", () => { reset(); words.focus(); });
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.closest(".out")) { reset(); target.scrollIntoView(); }
  });

  // Sort, within each environment.
  const key = (row, column) => {
    const cell = row.cells[column], control = one("select", cell);
    const text = (control ? control.value : cell.textContent).trim(), rank = RANK.indexOf((lone(cell.firstChild) || text).split(/[^a-z]/, 1)[0]);
    return rank < 0 ? text : String(rank);
  };
  const { compare } = new Intl.Collator("en", { numeric: true });
  for (const table of all("table.sort")) {
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `Sort by ${head.textContent}`);
      head.append(button);  // over the whole of it: its words stay the header's own, which print on every page
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        for (const body of table.tBodies) {
          const sorted = [...body.rows].filter((row) => !row.matches(".group")).map((row) => [key(row, column), row]);
          sorted.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
          body.append(...sorted.map(([, row]) => row));
        }
      });
    });
  }

  // Decide. Nothing is filled in before the reviewer does, and nothing is kept anywhere but in this page.
  const decisions = new Map();
  let unsaved = false;
  const tell = () => {
    const made = [...decisions.values()].filter(({ choice }) => choice).length;
    saved.textContent = !made ? "Nothing is decided here yet." : `${count(made, "decision")}, ${unsaved ? "not saved yet" : "saved"}.`;
  };
  const equip = (cell) => {
    cell.prepend(one("#choice").content.cloneNode(true));
    const select = one("select", cell), reason = one("input", cell), row = cell.parentElement;
    const article = cell.closest("article");
    const what = `${row.cells[0].textContent} of ${article ? one("h3 bdi", article).textContent : row.cells[1].textContent}`;
    select.setAttribute("aria-label", `Decision on ${what}`);
    reason.setAttribute("aria-label", `Reason for the decision on ${what}`);
    cell.addEventListener("input", () => {
      const choice = select.value;
      select.classList.toggle("made", choice !== "");
      decisions.set(cell, { choice, reason: reason.value.trim() });
      if (choice) { cell.dataset.choice = choice; } else { delete cell.dataset.choice; }
      unsaved = true;
      tell();
    });
  };
  // Thousands of controls make a page slow to open: each agent gets its own when the reader comes near.
  const near = new IntersectionObserver((seen) => {
    for (const { target } of seen.filter((each) => each.isIntersecting)) {
      near.unobserve(target);
      all(target.matches("article") ? "td[id]" : "td[data-row]", target).forEach(equip);
    }
  }, { rootMargin: "1500px" });
  [...articles, ...all("section").filter((section) => one("td[data-row]", section))].forEach((each) => near.observe(each));
  const COLUMNS = ["id", "agent", "environment", "system", "resource", "origin", "what", "level", "principal", "finding", "place", "principal_id", "object_id", "check", "decision", "decided_by", "decided_on", "reason"];
  const [PLACES, USUAL, PRINCIPALS, SCOPES] = JSON.parse(one("main").dataset.places);
  const LEVELS = ["none", "read", "create", "update", "delete", "admin"];
  const scoped = (id, scope) => !id || id.includes("/") ? id ?? "" : scope + id;
  const undeclared = (cell) => cell.parentElement.classList.contains("u");
  // A row as `permlint report --format csv` has it, as far as `permlint review record` proves it.
  const described = (cell) => {
    if (cell.dataset.row) return JSON.parse(cell.dataset.row);
    const row = cell.parentElement, granted = undeclared(cell), { resource, environment, system, principal } = about(row);
    const digits = [...atob(cell.id.replaceAll("-", "+").replaceAll("_", "/"))].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
    const where = `${system} (${environment})`, { place = USUAL[where] } = cell.dataset;
    const check = digits.slice(0, 12), id = granted ? digits.slice(-64) : digits.slice(12), finding = granted ? digits.slice(12, -64) : "";
    return [
      `sha256:${id}`, one("h3 bdi", cell.closest("article")).textContent, environment, system, resource, granted ? "granted" : "declared",
      lone(row.cells[granted ? 2 : 1].firstChild), LEVELS[row.className.match(granted ? /g(\d)/ : /d(\d)/)[1]],
      principal, finding && `sha256:${finding}`, PLACES[place],
      scoped(cell.dataset.principal ?? PRINCIPALS[where]?.[principal], SCOPES[where][0]), scoped(cell.dataset.object, SCOPES[where][1]),
      `row-${check}`,
    ];
  };
  // A spreadsheet takes a text that begins like a formula for one; the apostrophe is undone by `record`.
  const field = (text) => `"${(/^[=+\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  const unreasoned = ([cell, { choice, reason }]) =>
    !reason && (choice === "modify" || choice === "investigate" || (choice === "keep" && undeclared(cell)));
  save.addEventListener("click", () => {
    const made = [...decisions].filter(([, { choice }]) => choice), bare = made.filter(unreasoned);
    const lacking = [...[by, on].filter((input) => !input.value.trim()), ...bare.map(([cell]) => one("input", cell))];
    for (const input of all("[aria-invalid]")) input.removeAttribute("aria-invalid");
    if (!made.length) { saved.textContent = "Nothing is decided here yet."; return; }
    if (lacking.length) {
      for (const input of lacking) input.setAttribute("aria-invalid", "true");
      saved.textContent = by.value.trim() && on.value ? `${count(bare.length, "decision")} without a reason.` : "Say who decides, and on which day.";
      lacking[0].focus();
      return;
    }
    const lines = made.map(([cell, { choice, reason }]) => [...described(cell), choice, by.value.trim(), on.value, reason]);
    let text = [COLUMNS, ...lines].map((line) => line.map(field).join(",") + "\r\n").join("");
    if (/[^\x00-\x7f]/.test(text)) text = "\ufeff" + text;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `decisions-${on.value}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    unsaved = false;
    tell();
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  addEventListener("beforeprint", () => {
    for (const [cell, { reason }] of decisions) {
      cell.dataset.said = `by ${by.value.trim() || "____________"}\non ${on.value || "____________"}\nreason ${reason || "________"}`;
    }
  });

  // A table that is wider than its place can be reached and moved by keyboard.
  const reach = () => all(".wide").forEach((place) => {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0; else place.removeAttribute("tabindex");
  });
  addEventListener("resize", reach);
  reach();
}
