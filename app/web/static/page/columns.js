// What the columns of the file are: chosen in the preview, which is then loaded again.
import { byId } from "./dom.js";
import { form, look } from "./upload.js";

let typedIn = null;
let waiting = null;

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

// In another encoding, columns may have other names: what was chosen by the old ones is gone.
function readAs(encoding) {
  byId("encoding").value = encoding;
  byId("mapped").value = "";
  look();
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

form.addEventListener("change", (event) => {
  const field = event.target;
  if (!("column" in field.dataset)) return;
  // Arrow keys pass by what is not meant: a choice made by them counts when the field is left.
  if (typedIn === field) waiting = field;
  else chooseColumn(field);
});
form.addEventListener("pointerdown", () => { typedIn = null; });
form.addEventListener("keydown", (event) => { typedIn = event.target; });
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
  const reading = event.target.closest("[data-read-as]");
  if (reading) {
    event.preventDefault();
    readAs(reading.value);
    return;
  }
  const button = event.target.closest("[data-look]");
  if (!button) return;
  event.preventDefault();
  if (button.name === "mapped") byId("mapped").value = button.value;
  if (mayLook()) look();
});
