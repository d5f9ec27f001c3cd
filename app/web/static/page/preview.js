// What a new preview means for the rest of the form: options that fit, the start, the focus.
import { announce, byId } from "./dom.js";
import { form } from "./upload.js";

const MANY_IMAGES = 1000;
// Options that a person has set; no file changes them any more.
const touched = new Set();
// What had the focus in the preview that goes, and whether "How the file was read" was open.
let before = "";
let wasReading = false;

function allowStart() {
  const preview = document.querySelector(".preview");
  const choice = byId("accept-valid-rows");
  byId("start").disabled = !preview || preview.dataset.usable !== "yes" || (choice && !choice.checked);
  byId("start-hint").hidden = !choice || choice.checked;
}

export function rememberPreview(focusWasInside) {
  before = focusWasInside ? document.activeElement.id : "";
  wasReading = Boolean(byId("reading")?.open);
}

export function showPreview() {
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
  announce("");
  const details = byId("reading");
  if (details && wasReading) details.open = true;
  const field = before && byId(before);
  if (field) {
    // Who changes how the file is read goes on where they are, and hears what came of it.
    field.focus({ preventScroll: true });
    announce(byId("preview-title").textContent.trim());
    return;
  }
  byId("preview-title").focus({ preventScroll: true });
  preview.scrollIntoView({ block: "nearest" });
}

form.addEventListener("change", (event) => {
  if (["keep_originals", "output"].includes(event.target.name)) touched.add(event.target.name);
  if (event.target.id === "accept-valid-rows") allowStart();
});
