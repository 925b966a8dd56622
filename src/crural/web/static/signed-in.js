// A page that is left alone goes away once its session has ended: it may show a patient.
"use strict";

const allowed = Number(document.currentScript.dataset.idleMinutes) * 60_000;
let asked = Date.now(); // when this page last asked the server for something

document.addEventListener("htmx:beforeRequest", () => (asked = Date.now()));

async function lookWhetherSignedIn() {
  if (Date.now() - asked < allowed) return;
  // To ask for this page keeps no session alive. Whoever is signed in still, since another window
  // is in use, would be sent on from it.
  const answer = await fetch("/sign-in", { redirect: "manual" }).catch(() => null);
  if (answer?.ok) location.replace(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

// Timers stand still while a machine sleeps; so it is looked at often, and by the clock.
setInterval(lookWhetherSignedIn, 20_000);
document.addEventListener("visibilitychange", lookWhetherSignedIn);
