// The body map, and what keeps the page steady while parts of it are replaced.
// The map only ticks the boxes of the list beneath it: the form works without this file.
"use strict";

document.documentElement.classList.add("scripted");

// ---- the body map -------------------------------------------------------------------------

const spotsOf = (map) => [...map.querySelectorAll("[data-spot]")];
const boxOf = (spot) =>
  document.querySelector(`#map input[name="spot"][value="${spot.dataset.spot}"]`);

function show(id, painted) {
  for (const spot of document.querySelectorAll(`[data-spot="${id}"]`)) {
    spot.classList.toggle("painted", painted);
    spot.setAttribute("aria-checked", String(painted));
  }
}

function paint(spot, painted) {
  const box = boxOf(spot);
  if (!box || box.checked === painted) return;
  box.checked = painted;
  show(spot.dataset.spot, painted);
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

function prepareMap() {
  const map = document.querySelector("[data-map]");
  if (!map || map.dataset.ready) return;
  map.dataset.ready = "yes";
  map.setAttribute("role", "group");
  spotsOf(map).forEach((spot, at) => {
    const box = boxOf(spot);
    spot.setAttribute("role", "checkbox");
    spot.setAttribute("aria-label", spot.dataset.name);
    spot.setAttribute("aria-checked", String(box.checked));
    // One stop of the tab key; arrows move within.
    spot.setAttribute("tabindex", at === 0 ? "0" : "-1");
  });
  const dermatomes = document.getElementById("show-dermatomes");
  dermatomes.checked = sessionStorage.getItem("dermatomes") === "yes";
  map.classList.toggle("with-dermatomes", dermatomes.checked);
}

let stroke = null; // while a button is down: are places painted, or wiped?

document.addEventListener("pointerdown", (event) => {
  const spot = event.target.closest?.("[data-spot]");
  if (!spot || event.button !== 0) return;
  stroke = !boxOf(spot).checked;
  if (event.pointerType !== "touch") paint(spot, stroke);
  spot.releasePointerCapture?.(event.pointerId);
});
document.addEventListener("pointerover", (event) => {
  if (stroke === null || event.pointerType === "touch" || !(event.buttons & 1)) return;
  const spot = event.target.closest?.("[data-spot]");
  if (spot) paint(spot, stroke);
});
// A finger paints when it is lifted, so that scrolling across the figure paints nothing.
document.addEventListener("pointerup", (event) => {
  const spot = event.target.closest?.("[data-spot]");
  if (spot && stroke !== null && event.pointerType === "touch") paint(spot, stroke);
  stroke = null;
});
document.addEventListener("pointercancel", () => (stroke = null));

function middle(spot) {
  const box = spot.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

// The nearest place in a direction; sideways counts double, so that arrows go straight.
function neighbour(from, key) {
  const [x, y] = middle(from);
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
  let best = null;
  let least = Infinity;
  for (const spot of spotsOf(from.closest("[data-map]"))) {
    const [a, b] = middle(spot);
    const along = sign * (sideways ? a - x : b - y);
    const across = Math.abs(sideways ? b - y : a - x);
    if (spot === from || along < 2) continue;
    if (along + 2 * across < least) [best, least] = [spot, along + 2 * across];
  }
  return best;
}

document.addEventListener("keydown", (event) => {
  const spot = event.target.closest?.("[data-spot]");
  if (!spot) return;
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    paint(spot, !boxOf(spot).checked);
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    const next = neighbour(spot, event.key);
    if (!next) return;
    spot.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.name === "spot") show(field.value, field.checked);
  if (field.id === "show-dermatomes") {
    sessionStorage.setItem("dermatomes", field.checked ? "yes" : "no");
    document.querySelector("[data-map]").classList.toggle("with-dermatomes", field.checked);
  }
});

// ---- a page that stays as it was left -----------------------------------------------------

let folded = []; // sections without a name that were open, by their heading
let inQuestion = false;
let searched = "";

const heading = (section) => section.querySelector("summary")?.textContent.trim();

document.addEventListener("htmx:configRequest", (event) => {
  const open = [...document.querySelectorAll("#live details[open][id]")].map((d) => d.id);
  event.detail.headers["x-open"] = open.slice(0, 40).join(" ");
  searched = document.getElementById("q")?.value;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "live") return;
  folded = [...document.querySelectorAll("#live details[open]:not([id])")].map(heading);
  inQuestion = document.getElementById("interview")?.contains(document.activeElement);
});
document.addEventListener("htmx:afterSettle", (event) => {
  prepareMap();
  if (event.detail.target?.id !== "live") return;
  for (const section of document.querySelectorAll("#live details:not([id])")) {
    if (folded.includes(heading(section))) section.open = true;
  }
  // The next question may have other buttons: then its heading takes the focus.
  if (inQuestion && document.activeElement === document.body) document.getElementById("ask").focus();
  inQuestion = false;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  const refused = document.querySelector("#message .problem");
  if (!event.detail.successful || !form.matches?.("form")) return;
  if (form.matches("[data-clear]") && !refused) form.reset();
  const search = document.getElementById("q");
  // Unless something else has been typed meanwhile.
  if (form.closest("#found") && !refused && search.value === searched) {
    search.value = "";
    document.getElementById("found").replaceChildren();
    search.focus();
  }
});
for (const kind of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(kind, (event) => {
    const text = event.detail.xhr?.responseText ?? "";
    const told = new DOMParser().parseFromString(text, "text/html").querySelector("#message");
    let said = told?.firstElementChild;
    if (!said) {
      said = document.createElement("p");
      said.className = "problem";
      said.textContent =
        "The server did not answer: whether your last entry was taken is not known. ";
      const load = document.createElement("a");
      load.className = "button";
      load.href = window.location.pathname;
      load.textContent = "Load what is kept";
      said.append(load);
    }
    document.getElementById("message")?.replaceChildren(said);
  });
}

// ---- saving ---------------------------------------------------------------------------------
// What was typed a moment ago waits for more to come; a save does not overtake it.

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest?.("form[data-live]");
    if (form) form.dataset.typed = "yes";
  });
}
document.addEventListener("htmx:beforeRequest", (event) => {
  delete event.detail.elt.dataset?.typed;
});
document.addEventListener("htmx:confirm", (event) => {
  if (!event.target.matches?.("form.save")) return;
  const busy = [...document.querySelectorAll("form[data-live]")].filter(
    (form) => form.dataset.typed || form.classList.contains("htmx-request"),
  );
  if (!busy.length) return;
  event.preventDefault();
  const answered = busy.map(
    (form) =>
      new Promise((done) => form.addEventListener("htmx:afterRequest", done, { once: true })),
  );
  Promise.all(answered).then(() => event.detail.issueRequest(true));
  for (const form of busy) if (form.dataset.typed) htmx.trigger(form, "submit");
});

prepareMap();
