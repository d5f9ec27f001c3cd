// The page of a request: its progress, its results, and the connection to the service.
import "./compare.js";
import { announce, byId, isForeignFailure } from "./dom.js";

const ANNOUNCE_EVERY_MS = 15000;
const RESULTS_EVERY_MS = 2500;
let announcedAt = 0;
let resultsAt = 0;

function announceProgress(live) {
  const isFinal = live.dataset.final === "yes";
  if (!isFinal && Date.now() - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = Date.now();
  announce(live.dataset.announce);
}

// A search that was begun and not sent would be gone with its form.
function isBegun(search) {
  return Array.from(search.elements).some((field) => {
    if (!field.options) return "defaultValue" in field && field.value !== field.defaultValue;
    const sent = Array.from(field.options).findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(sent, 0);
  });
}

// Nothing may move under a reader's hands.
function resultsAreUsed() {
  const results = byId("results");
  return results.contains(document.activeElement) || byId("compare").open
    || isBegun(results.querySelector(".search"));
}

function refreshResults() {
  const results = byId("results");
  if (resultsAreUsed() || Date.now() - resultsAt < RESULTS_EVERY_MS) return;
  resultsAt = Date.now();
  htmx.trigger(results, "results-stale");
}

const PATIENCE_MS = 1500;
let lostTimer = 0;

function lost() {
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

let focusWasInside = false;
let pressed = null;

document.addEventListener("pointerdown", (event) => { pressed = event.target; });
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => { pressed = null; });
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  focusWasInside = target.contains(document.activeElement);
  // A link that is replaced between press and release would not be followed.
  const isPressed = target.id === "live" && target.contains(pressed);
  // The reader began while the new list was on its way; the next one comes soon enough.
  const comesTooLate = target.id === "results" && resultsAreUsed();
  if (isPressed || comesTooLate || isForeignFailure(xhr)) event.detail.shouldSwap = false;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
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
