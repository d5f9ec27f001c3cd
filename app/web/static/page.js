// What the page can do beyond links and forms. Without it everything still works, only less live.
// No inline handlers and no eval: the Content-Security-Policy forbids them.
"use strict";

const byId = (id) => document.getElementById(id);
const root = document.documentElement;
root.classList.add("js");

// --- dropping, pasting and choosing a file ----------------------------------------------------

const form = byId("upload");
const MANY_IMAGES = 1000;

function showProblem(text) {
  const box = document.createElement("div");
  box.className = "errors";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  byId("problem").replaceChildren(box);
}

function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function look() {
  const file = byId("file").files[0];
  byId("problem").replaceChildren();
  form.classList.remove("ready");
  form.classList.toggle("has-file", Boolean(file));
  if (!file) return;
  byId("drop-words").textContent = file.name;
  byId("drop-hint").textContent = `${size(file.size)}. Drop or choose another file to replace it.`;
  const most = Number(form.dataset.maxBytes);
  if (file.size > most) {
    showProblem(`${file.name} has ${size(file.size)}; at most ${size(most)} are accepted. Split it into several files.`);
    return;
  }
  form.classList.add("looking");
  byId("announcements").textContent = `Reading ${file.name} …`;
  htmx.trigger("#preview-loader", "look");
}

// Another file: what was chosen for the one before (its encoding, its good rows) goes with it.
function lookAnew() {
  byId("preview").replaceChildren();
  look();
}

function take(file) {
  const carrier = new DataTransfer();
  carrier.items.add(file);
  byId("file").files = carrier.files;
  lookAnew();
}

function carriesFiles(event) {
  return event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
}

if (form) {
  byId("file").addEventListener("change", lookAnew);
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    root.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(depth - 1, 0);
    if (depth === 0) root.classList.remove("dragging");
  });
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    depth = 0;
    root.classList.remove("dragging");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const files = event.dataTransfer.files;
    if (files.length > 1) showProblem("Please drop one file at a time.");
    else if (files.length === 1) take(files[0]);
  });
  addEventListener("paste", (event) => {
    if (event.target.closest("input:not([type=file]), textarea")) return;
    const file = event.clipboardData.files[0];
    const text = event.clipboardData.getData("text/plain");
    if (file) take(file);
    else if (text.includes("\n")) take(new File([text], "pasted.csv", { type: "text/csv" }));
  });
  form.addEventListener("change", (event) => {
    const field = event.target;
    if ("reads" in field.dataset) look();
    if ("column" in field.dataset) {
      // Arrow keys pass by what is not meant: a choice made by them counts when the field is left.
      if (typedIn === field) waiting = field;
      else chooseColumn(field);
    }
    if (["keep_originals", "output"].includes(field.name)) touched.add(field.name);
    if (field.id === "accept-valid-rows") allowStart();
  });
  form.addEventListener("pointerdown", () => { typedIn = null; });
  form.addEventListener("keydown", (event) => {
    typedIn = event.target;
    if (event.key !== "Enter" || !event.target.matches("input:not([type=file])")) return;
    // Otherwise the first button of the form would be pressed, wherever it stands.
    event.preventDefault();
    if (event.target.id === "base-url") look();
    else if (!byId("start").disabled) byId("start").click();
  });
  form.addEventListener("focusout", (event) => {
    if (waiting !== event.target) return;
    waiting = null;
    chooseColumn(event.target);
  });
  form.addEventListener("click", (event) => {
    const added = event.target.closest("[data-add]");
    if (added) {
      event.preventDefault();
      addColumn(added.value);
      return;
    }
    const button = event.target.closest("[data-look]");
    if (!button) return;
    event.preventDefault();
    if (button.name === "mapped") byId("mapped").value = button.value;
    if (!mayLook()) return;
    look();
  });
}

// --- what the columns are ---------------------------------------------------------------------

let typedIn = null;
let waiting = null;
const touched = new Set();

function roleOf(select) {
  return select.value.split(" ", 1)[0];
}

function chooseColumn(chosen) {
  const selects = Array.from(form.querySelectorAll("[data-column]"));
  for (const each of selects) {
    // Of names and of serial numbers there is one; the newest choice is meant.
    if (each !== chosen && roleOf(each) === roleOf(chosen) && roleOf(each) !== "images") each.value = "";
  }
  if (document.querySelector(".preview").dataset.asks === "yes") {
    mayLook();
    return;
  }
  byId("mapped").value = "yes";
  if (mayLook()) look();
}

function addColumn(name) {
  for (const each of form.querySelectorAll("[data-column]")) {
    const value = `images ${name}`;
    if (!Array.from(each.options).some((option) => option.value === value)) continue;
    each.value = value;
    chooseColumn(each);
    return;
  }
}

// Without a column of images there is nothing to look at, and that is said where the choice is made.
function mayLook() {
  const hint = byId("columns-hint");
  if (!hint || byId("mapped").value !== "yes") return true;
  const has = Array.from(form.querySelectorAll("[data-column]")).some((each) => roleOf(each) === "images");
  hint.textContent = has ? "" : "Choose at least one column that holds image addresses.";
  hint.hidden = has;
  return has;
}

function allowStart() {
  const preview = document.querySelector(".preview");
  const choice = byId("accept-valid-rows");
  byId("start").disabled = !preview || preview.dataset.usable !== "yes" || (choice && !choice.checked);
  byId("start-hint").hidden = !choice || choice.checked;
}

// What had the focus in the preview that goes, and whether "How the file was read" was open.
let before = "";
let wasReading = false;

function showPreview() {
  const preview = document.querySelector(".preview");
  form.classList.remove("looking");
  if (!preview) return;
  form.classList.toggle("ready", preview.dataset.usable === "yes");
  const keep = form.elements.keep_originals;
  // Originals of a large catalogue fill disks; who wants them all the same says so.
  if (!touched.has("keep_originals")) keep.checked = Number(preview.dataset.images) <= MANY_IMAGES;
  // An export is there to be imported again; a list is there to be read.
  if (!touched.has("output")) form.elements.output.value = preview.dataset.platform ? "replace" : "append";
  byId("output-platform").textContent = preview.dataset.platform;
  byId("output-hint").hidden = !preview.dataset.platform;
  allowStart();
  document.title = `Check ${preview.dataset.filename} · Image Processing Service`;
  byId("announcements").textContent = "";
  const details = byId("reading");
  if (details && wasReading) details.open = true;
  const field = before && byId(before);
  if (field) {
    // Who changes how the file is read goes on where they are, and hears what came of it.
    field.focus({ preventScroll: true });
    byId("announcements").textContent = byId("preview-title").textContent.trim();
    return;
  }
  byId("preview-title").focus({ preventScroll: true });
  preview.scrollIntoView({ block: "nearest" });
}

// --- what htmx has loaded ---------------------------------------------------------------------

const ANNOUNCE_EVERY_MS = 15000;
const RESULTS_EVERY_MS = 2500;
let announcedAt = 0;
let resultsAt = 0;

function announce(live) {
  const isFinal = live.dataset.final === "yes";
  if (!isFinal && Date.now() - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = Date.now();
  byId("announcements").textContent = live.dataset.announce;
}

// A search that was begun and not sent would be gone with the form that it stands in.
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

document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  finish(document.body);
  if (target.id === "preview") showPreview();
  if (target.id === "problem") {
    form.classList.remove("looking");
    byId("problem").focus();
  }
  if (target.id === "live") {
    announce(target.querySelector(".live"));
    refreshResults();
  }
  const live = document.querySelector(".live");
  if (target.id === "main" && live) announce(live);
  // A button that the new state does not have any more must not leave the keyboard at the top.
  if (target.id === "main" && focusWasInside && document.activeElement === document.body) {
    byId("main").focus({ preventScroll: true });
  }
});

let focusWasInside = false;

document.body.addEventListener("htmx:beforeSwap", (event) => {
  focusWasInside = event.detail.target.contains(document.activeElement);
  if (event.detail.target.id === "preview") {
    before = focusWasInside ? document.activeElement.id : "";
    wasReading = Boolean(byId("reading")?.open);
  }
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

document.body.addEventListener("htmx:responseError", (event) => {
  if (form) failUpload(event.detail.xhr);
});

// --- the connection ---------------------------------------------------------------------------

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

// --- before and after -------------------------------------------------------------------------

const dialog = byId("compare");

function slide() {
  const share = Number(byId("compare-slider").value);
  byId("compare-before").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  byId("compare-slider").setAttribute("aria-valuetext", `${share} % before, ${100 - share} % after`);
  dialog.style.setProperty("--share", `${share}%`);
}

if (dialog) {
  document.body.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-compare]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    byId("compare-title").textContent = link.dataset.title;
    byId("compare-sizes").textContent = link.dataset.sizes;
    byId("compare-trouble").hidden = true;
    byId("compare-before").src = link.href;
    byId("compare-after").src = link.dataset.after;
    byId("compare-slider").value = 50;
    slide();
    dialog.showModal();
  });
  byId("compare-slider").addEventListener("input", slide);
  byId("compare-before").addEventListener("error", () => { byId("compare-trouble").hidden = false; });
  byId("compare-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

// --- small things -----------------------------------------------------------------------------

document.body.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(byId(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(byId(button.dataset.copy));
    button.textContent = "Selected: press Ctrl+C";
  }
  byId("announcements").textContent = button.textContent;
});

// Moments in the reader's own time zone, and buttons that only work with this script.
function finish(part) {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of part.querySelectorAll("time[datetime]:not([data-local])")) {
    time.textContent = local.format(new Date(time.dateTime));
    time.dataset.local = "yes";
  }
  for (const button of part.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

finish(document.body);
if (form) {
  byId("drop-words").textContent = "Drop your CSV here";
  if (document.querySelector(".preview")) showPreview();
}
