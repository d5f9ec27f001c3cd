// Moments in the reader's own time zone, and buttons that only work with a script.
export function finish(part) {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of part.querySelectorAll("time[datetime]:not([data-local])")) {
    time.textContent = local.format(new Date(time.dateTime));
    time.dataset.local = "yes";
  }
  for (const button of part.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}
