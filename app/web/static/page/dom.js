// Parts of the page that several modules need; `form` is null on pages without an upload.
export const byId = (id) => document.getElementById(id);
export const root = document.documentElement;
export const form = byId("upload");

// For screen readers.
export function announce(text) {
  byId("announcements").textContent = text;
}
