// What the pages do beside being read; every one of them is whole without it.
"use strict";

// Rows are found while a word is typed; Enter asks the server, which knows all.
const find = document.getElementById("q");
if (find) {
  find.addEventListener("input", () => {
    const word = find.value.trim().toLowerCase();
    for (const table of document.querySelectorAll("table.pk")) {
      for (const row of table.tBodies[0].rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(word);
    }
  });
}

// A choice of a filter shows at once.
for (const input of document.querySelectorAll(".filters select, .filters input[type=checkbox]")) {
  input.addEventListener("change", () => input.form.requestSubmit());
}

const told = document.getElementById("told");
const tell = (text) => { if (told) told.textContent = text; };

// fresh puts the part of the page that lives in its place anew, as the server
// draws it. Where the reader is in it stays the focus.
let busy = false;
async function fresh() {
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(location.href, {headers: {Accept: "text/html"}});
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    const now = document.getElementById("live");
    if (!next || !now) return;
    const links = [...now.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    now.replaceChildren(...document.adoptNode(next).childNodes);
    if (at >= 0) now.querySelectorAll("a")[at]?.focus();
  } finally { busy = false; }
}

const live = document.body.dataset.live;
if (live) {
  const source = new EventSource(live);
  source.addEventListener("changed", async () => { await fresh(); tell("Shown anew at " + new Date().toLocaleTimeString() + "."); });
}

const log = document.querySelector("[data-follow]");
if (log) {
  const source = new EventSource(log.dataset.follow);
  source.addEventListener("lines", (event) => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (const line of JSON.parse(event.data)) {
      const item = document.createElement("li"), time = document.createElement("time");
      time.textContent = line.at.slice(11, 19);
      item.append(time, " " + line.text); // as text, whatever it says
      log.append(item);
    }
    while (log.children.length > 5000) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  source.addEventListener("changed", fresh);
  source.addEventListener("end", async (event) => { source.close(); await fresh(); tell("The task is over: " + JSON.parse(event.data) + "."); });
  log.scrollTop = log.scrollHeight;
}

// A page that waits for something is loaded again.
const again = Number(document.body.dataset.again);
if (again && !log) setTimeout(() => location.reload(), again * 1000);
