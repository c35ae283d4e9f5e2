"use strict";
// What the page can do beyond being read: filter, sort, take decisions and save them. Without it everything is there and nothing is hidden.
{
  const RANK = ["error", "warning", "info", "nothing", "none", "read", "low", "create", "update", "medium", "delete", "high", "admin", "critical"];
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  // Before controls are added, so that the filter reads the report's words alone.
  const rows = all("table.rows > tbody > tr:not(.group)").map((row) => {
    const article = row.closest("article");
    const whose = article ? one("h3 bdi", article).textContent + " " + one("dd", article).textContent : "";
    return { row, article, text: `${row.textContent} ${whose}`.toLowerCase() };
  });
  const articles = all("article");

  document.documentElement.classList.add("js");
  one("main").before(one("#bar").content.cloneNode(true));
  const words = one("#words"), state = one("#state"), everything = one("#everything"), found = one("#found");
  const by = one("#by"), on = one("#on"), save = one("#save"), saved = one("#saved");

  // Filter. What is filtered out is counted, and still printed (style.css).
  const filter = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean), letter = state.value;
    const matches = ({ row, text }) => asked.every((word) => text.includes(word)) && (!letter || row.classList.contains(letter));
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
      const agent = each.row.dataset.a && document.getElementById(`a-${each.row.dataset.a}`);
      each.row.classList.toggle("out", !(agent ? kept.has(agent) && (letter || matches(each)) : matches(each)));
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
    const text = (control ? control.value : cell.textContent).trim(), rank = RANK.indexOf(text.split(/[^a-z]/, 1)[0]);
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
  for (const cell of all(".perms td[id]")) {
    cell.prepend(one("#choice").content.cloneNode(true));
    const select = one("select", cell), reason = one("input", cell), row = cell.parentElement;
    const what = `${row.cells[0].textContent} of ${one("h3 bdi", cell.closest("article")).textContent}`;
    select.setAttribute("aria-label", `Decision on ${what}`);
    reason.setAttribute("aria-label", `Reason for the decision on ${what}`);
    cell.addEventListener("input", () => {
      const choice = select.value;
      select.classList.toggle("made", choice !== "");
      decisions.set(cell.id, { choice, reason: reason.value.trim(), cell });
      if (choice) { cell.dataset.choice = choice; } else { delete cell.dataset.choice; }
      unsaved = true;
      tell();
    });
  }
  const COLUMNS = ["id", "agent", "environment", "resource", "decision", "decided_by", "decided_on", "reason"];
  // A spreadsheet takes a text that begins like a formula for one.
  const field = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  save.addEventListener("click", () => {
    const made = [...decisions].filter(([, { choice }]) => choice);
    const lacking = made.length ? [by, on].filter((input) => !input.value.trim()) : [];
    for (const input of [by, on]) input.toggleAttribute("aria-invalid", lacking.includes(input));
    if (lacking.length || !made.length) {
      saved.textContent = made.length ? "Say who decides, and on which day." : "Nothing is decided here yet.";
      (lacking[0] ?? save).focus();
      return;
    }
    const lines = made.map(([id, { choice, reason, cell }]) => {
      const row = cell.parentElement, name = one("h3 bdi", cell.closest("article")).textContent;
      const where = one("tr.group th", row.parentElement).textContent.trim();
      return [id, name, where, row.cells[0].firstChild.textContent.trim(), choice, by.value.trim(), on.value, reason];
    });
    const text = [COLUMNS, ...lines].map((line) => line.map(field).join(",") + "\r\n").join("");
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
    for (const { cell, reason } of decisions.values()) {
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
