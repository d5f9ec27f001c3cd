// The page before the upload.
import "./columns.js";
import { byId, isForeignFailure } from "./dom.js";
import { rememberPreview, showPreview } from "./preview.js";
import { form, showProblem } from "./upload.js";

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

function lost() {
  form.classList.remove("looking");
  showProblem("The service cannot be reached. Check your connection and try again.");
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  if (target.id === "preview") rememberPreview(target.contains(document.activeElement));
  if (!isForeignFailure(xhr)) return;
  event.detail.shouldSwap = false;
  failUpload(xhr);
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "preview") showPreview();
  if (event.detail.target.id === "problem") {
    form.classList.remove("looking");
    byId("problem").focus();
  }
});
document.body.addEventListener("htmx:responseError", (event) => failUpload(event.detail.xhr));
document.body.addEventListener("htmx:sendError", lost);
document.body.addEventListener("htmx:timeout", lost);

byId("drop-words").textContent = "Drop your CSV here";
if (document.querySelector(".preview")) showPreview();
