// Drop, paste or choose a file, and the keys and fields of the upload that read it again.
import { byId, form, root } from "./dom.js";
import { look, showProblem } from "./look.js";

// Another file: what was chosen for the one before (its encoding, its good rows) goes with it.
function lookAtAnotherFile() {
  byId("preview").replaceChildren();
  look();
}

function take(file) {
  const carrier = new DataTransfer();
  carrier.items.add(file);
  byId("file").files = carrier.files;
  lookAtAnotherFile();
}

function carriesFiles(event) {
  return event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
}

function acceptDrops() {
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
}

function acceptPastes() {
  addEventListener("paste", (event) => {
    if (event.target.closest("input:not([type=file]), textarea")) return;
    const file = event.clipboardData.files[0];
    const text = event.clipboardData.getData("text/plain");
    if (file) take(file);
    else if (text.includes("\n")) take(new File([text], "pasted.csv", { type: "text/csv" }));
  });
}

if (form) {
  byId("file").addEventListener("change", lookAtAnotherFile);
  acceptDrops();
  acceptPastes();
  form.addEventListener("change", (event) => {
    if ("reads" in event.target.dataset) look();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input:not([type=file])")) return;
    // Otherwise the first button of the form would be pressed, wherever it is.
    event.preventDefault();
    if (event.target.id === "base-url") look();
    else if (!byId("start").disabled) byId("start").click();
  });
}
