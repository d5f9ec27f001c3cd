// Before and after of a picture, one over the other, with a slider between them.
import { byId } from "./dom.js";

const dialog = byId("compare");

function slide() {
  const share = Number(byId("compare-slider").value);
  byId("compare-before").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  byId("compare-slider").setAttribute("aria-valuetext", `${share} % before, ${100 - share} % after`);
  dialog.style.setProperty("--share", `${share}%`);
}

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
