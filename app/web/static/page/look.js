// Have the service read the chosen file, and say what is wrong before that.
import { announce, byId, form } from "./dom.js";

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
