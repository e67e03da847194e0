// The content policy forbids the styles that htmx would write into the page; the frame has its own.
htmx.config.includeIndicatorStyles = false;

// The frame in which it opens the page of a related row has no name for those who hear the page.
document.addEventListener("DOMContentLoaded", () => {
  const modal = document.getElementById("modal-content");
  if (!modal) return;
  new MutationObserver(() => {
    modal.querySelector("iframe:not([title])")?.setAttribute("title", "Related page");
  }).observe(modal, { childList: true });
});
