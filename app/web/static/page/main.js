// What every page can do beyond links and forms. Without it everything still works, only less live.
// No inline handlers and no eval: the Content-Security-Policy forbids them.
import { announce, byId } from "./dom.js";

// Moments in the reader's own time zone, and buttons that only work with a script.
function finish(part) {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of part.querySelectorAll("time[datetime]:not([data-local])")) {
    time.textContent = local.format(new Date(time.dateTime));
    time.dataset.local = "yes";
  }
  for (const button of part.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

// Where the browser forbids to copy, the text is selected.
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

document.documentElement.classList.add("js");
document.body.addEventListener("htmx:afterSwap", () => finish(document.body));
finish(document.body);
