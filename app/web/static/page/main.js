// What the page can do beyond links and forms. Without it everything still works, only less live.
// No inline handlers and no eval: the Content-Security-Policy forbids them.
import "./columns.js";
import "./compare.js";
import "./connection.js";
import "./copy.js";
import "./files.js";
import "./swaps.js";
import { byId, form, root } from "./dom.js";
import { finish } from "./moments.js";
import { showPreview } from "./preview.js";

root.classList.add("js");
finish(document.body);
if (form) {
  byId("drop-words").textContent = "Drop your CSV here";
  if (document.querySelector(".preview")) showPreview();
}
