// What happens before and after htmx puts a part into the page, and when it cannot.
import { byId, form } from "./dom.js";
import { announceProgress, refreshResults, resultsAreUsed } from "./live.js";
import { showProblem } from "./look.js";
import { finish } from "./moments.js";
import { rememberPreview, showPreview } from "./preview.js";

let focusWasInside = false;

function failUpload(xhr) {
  form.classList.remove("looking");
  let detail = "";
  try {
    detail = JSON.parse(xhr.responseText).detail;
  } catch {
    detail = `The service answered ${xhr.status}.`;
  }
  showProblem(`${detail} Nothing was started.`);
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  focusWasInside = event.detail.target.contains(document.activeElement);
  if (event.detail.target.id === "preview") rememberPreview(focusWasInside);
  if (event.detail.target.id === "results" && resultsAreUsed()) {
    // The reader began while the new list was on its way; the next one comes soon enough.
    event.detail.shouldSwap = false;
    return;
  }
  // Failures that no page of ours describes (a proxy's, say) come as something else than HTML.
  const type = event.detail.xhr.getResponseHeader("Content-Type") || "";
  if (type.startsWith("text/html") || event.detail.xhr.status < 400) return;
  event.detail.shouldSwap = false;
  if (form) failUpload(event.detail.xhr);
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  finish(document.body);
  if (target.id === "preview") showPreview();
  if (target.id === "problem") {
    form.classList.remove("looking");
    byId("problem").focus();
  }
  if (target.id === "live") {
    announceProgress(target.querySelector(".live"));
    refreshResults();
  }
  const live = document.querySelector(".live");
  if (target.id === "main" && live) announceProgress(live);
  // A button that the new state does not have any more must not leave the keyboard at the top.
  if (target.id === "main" && focusWasInside && document.activeElement === document.body) {
    byId("main").focus({ preventScroll: true });
  }
});

document.body.addEventListener("htmx:responseError", (event) => {
  if (form) failUpload(event.detail.xhr);
});
