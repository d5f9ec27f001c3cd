// Say that the service cannot be reached, and that it is back.
import { byId, form } from "./dom.js";
import { showProblem } from "./look.js";

const PATIENCE_MS = 1500;
let lostTimer = 0;

function lost() {
  if (form) {
    form.classList.remove("looking");
    showProblem("The service cannot be reached. Look at your connection, then try again.");
    return;
  }
  // A reconnect takes a moment now and then; only what lasts is worth a word.
  lostTimer = lostTimer || setTimeout(() => { byId("connection").hidden = false; }, PATIENCE_MS);
}

function found() {
  clearTimeout(lostTimer);
  lostTimer = 0;
  byId("connection").hidden = true;
}

for (const name of ["htmx:sseError", "htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, lost);
}
for (const name of ["htmx:sseOpen", "htmx:afterOnLoad"]) {
  document.body.addEventListener(name, found);
}
