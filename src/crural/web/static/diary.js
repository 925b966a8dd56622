// The server offers its own time; the patient's clock may stand elsewhere. The field takes the
// device's time as long as nobody has written into it.
"use strict";

function takeTime(root) {
  const form = root.querySelector?.("form[data-now]");
  const field = form?.querySelector("#at");
  if (!field || field.value !== form.dataset.now) return;
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60000);
  field.value = local.toISOString().slice(0, 16);
  delete form.dataset.now;
}

takeTime(document);
document.addEventListener("htmx:afterSwap", (event) => takeTime(event.target));
