// The content policy forbids the styles that htmx would write into the page; the frame has its own.
htmx.config.includeIndicatorStyles = false;

// The frame in which it opens the page of a related row has no name for those who hear the page.
document.addEventListener("DOMContentLoaded", () => {
  const room = document.getElementById("modal-content");
  if (!room) return;
  new MutationObserver(() => {
    room.querySelector("iframe:not([title])")?.setAttribute("title", "Related page");
  }).observe(room, { childList: true });
});
