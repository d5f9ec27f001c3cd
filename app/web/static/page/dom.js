// What the scripts of all pages share.
export const byId = (id) => document.getElementById(id);

// For screen readers.
export function announce(text) {
  byId("announcements").textContent = text;
}

// Failures that no page of ours describes (a proxy's, say) come as something else than HTML.
export function isForeignFailure(xhr) {
  const type = xhr.getResponseHeader("Content-Type") || "";
  return xhr.status >= 400 && !type.startsWith("text/html");
}
