// Buttons that copy a text; where the browser forbids it, the text is selected.
import { announce, byId } from "./dom.js";

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
  announce(button.textContent);
});
