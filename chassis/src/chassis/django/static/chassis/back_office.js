// The content policy forbids the styles that htmx would write into the page; the frame has its own.
htmx.config.includeIndicatorStyles = false;
