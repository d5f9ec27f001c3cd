// The progress of a request as it goes on: what is said of it, and when its results follow.
import { announce, byId } from "./dom.js";

const ANNOUNCE_EVERY_MS = 15000;
const RESULTS_EVERY_MS = 2500;
let announcedAt = 0;
let resultsAt = 0;

export function announceProgress(live) {
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
export function resultsAreUsed() {
  const results = byId("results");
  return results.contains(document.activeElement) || byId("compare").open
    || isBegun(results.querySelector(".search"));
}

export function refreshResults() {
  const results = byId("results");
  if (resultsAreUsed() || Date.now() - resultsAt < RESULTS_EVERY_MS) return;
  resultsAt = Date.now();
  htmx.trigger(results, "results-stale");
}
