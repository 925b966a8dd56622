// An answer never stands beside inputs that it was not made of: any change takes it away, and an
// answer that is still under way is not shown. Focus goes to the result, or to what is wrong.
"use strict";

const bench = () => document.getElementById("bench");
let edition = 0; // of the inputs
const askedAt = new WeakMap(); // which edition a request was made of

function outdated(form) {
  const answer = document.getElementById("answer");
  if (!answer.querySelector(".result-card")) return;
  const said = document.createElement("section");
  said.className = "card empty changed";
  said.setAttribute("role", "status");
  said.textContent = form.dataset.live
    ? "The inputs have changed: working it out again…"
    : "The inputs have changed, so the result is gone. Work it out again.";
  answer.replaceChildren(said);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-bench]");
  if (!form) return;
  edition += 1;
  outdated(form);
  // Whoever vouched did so for other inputs.
  const vouched = document.getElementById("checked");
  if (vouched && event.target !== vouched) vouched.closest(".vouch").remove();
  const field = event.target.closest(".wrong");
  if (!field) return;
  field.classList.remove("wrong");
  field.querySelector(".wrong-here")?.remove();
  event.target.removeAttribute("aria-invalid");
});
document.addEventListener("htmx:beforeRequest", (event) => {
  askedAt.set(event.detail.xhr, edition);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  if (target?.id === "bench" && askedAt.get(xhr) !== edition) event.detail.shouldSwap = false;
});

let asked = false; // by the button or the enter key, not by writing
document.addEventListener("submit", () => (asked = true), true);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "bench" || !asked) return;
  asked = false;
  const to = bench().querySelector("#problems .problem") ?? document.getElementById("result");
  to?.focus();
});

// What fails on the way is said where the answer would stand.
for (const kind of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(kind, (event) => {
    const answer = document.getElementById("answer");
    if (!answer) return;
    const said = document.createElement("p");
    said.className = "problem";
    said.setAttribute("role", "alert");
    said.textContent =
      event.detail.xhr?.status === 403
        ? "This page is out of date. Load it anew and try again."
        : "The server did not answer, so there is no result.";
    answer.replaceChildren(said);
  });
}
