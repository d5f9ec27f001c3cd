// Drop, paste or choose a file, have the service read it, and say what is wrong before that.
import { announce, byId } from "./dom.js";

export const form = byId("upload");

export function showProblem(text) {
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

export function look() {
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
  announce(`Reading ${file.name} …`);
  htmx.trigger("#preview-loader", "look");
}

// What was chosen for the file before (its encoding, its good rows) goes with it.
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
    document.documentElement.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(depth - 1, 0);
    if (depth === 0) document.documentElement.classList.remove("dragging");
  });
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    depth = 0;
    document.documentElement.classList.remove("dragging");
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

byId("file").addEventListener("change", lookAtAnotherFile);
acceptDrops();
acceptPastes();
form.addEventListener("change", (event) => {
  if (!("reads" in event.target.dataset)) return;
  // Another sheet has other columns: what was chosen of the old ones is gone.
  if (event.target.id === "sheet") byId("mapped").value = "";
  look();
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input:not([type=file])")) return;
  // Otherwise the first button of the form would be pressed, wherever it is.
  event.preventDefault();
  if (event.target.id === "base-url") look();
  else if (!byId("start").disabled) byId("start").click();
});
