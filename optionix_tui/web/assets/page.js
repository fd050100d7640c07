"use strict";
// Around textual-serve's terminal: letters before measures, a bar of keys, fingers as wheel and clicks, last words.
(() => {
  const Socket = window.WebSocket;
  let socket = null;

  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      socket = this;
      this.addEventListener("message", heard);
      this.addEventListener("close", closed);
    }
  };

  let lastWords = null;

  function heard(event) {
    if (typeof event.data !== "string") return;
    const [kind, told] = JSON.parse(event.data);
    if (kind === "ended") lastWords = told;
    if (kind === "deliver_file_start") {
      event.stopImmediatePropagation(); // the terminal would open a window, which browsers stop some seconds after a key
      const link = document.createElement("a");
      link.href = `/download/${encodeURIComponent(told)}`;
      link.download = "";
      link.click();
    }
  }

  function closed(event) {
    const notice = document.getElementById("notice");
    const reason = lastWords
      ? "The workstation could not go on."
      : event.code === 1000
        ? "The workstation was left."
        : "The connection has ended.";
    notice.querySelector("p").textContent = reason;
    notice.querySelector("pre").textContent = lastWords ? lastWords.words : "";
    document.getElementById("again").focus();
  }

  function send(typed) {
    if (socket !== null && socket.readyState === Socket.OPEN) socket.send(JSON.stringify(["stdin", typed]));
  }

  const start = window.onload;
  window.onload = async (event) => {
    const terminal = document.getElementById("terminal");
    const touch = window.matchMedia("(pointer: coarse)").matches;
    document.body.classList.toggle("-touch", touch);
    const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
    terminal.dataset.sessionWebsocketUrl = `${scheme}//${window.location.host}/ws`;
    const faces = ["", "bold ", "italic "];
    await Promise.all(faces.map((face) => document.fonts.load(`${face}16px "Roboto Mono"`)));
    terminal.dataset.fontSize = String(fitting(Number(terminal.dataset.fontSize), Number(terminal.dataset.columns)));
    followHeight();
    start.call(window, event);
    const entry = terminal.querySelector(".xterm-helper-textarea");
    bindKeys(entry, touch);
    if (touch) bindFingers(terminal);
    document.getElementById("again").addEventListener("click", () => window.location.reload());
    socket.addEventListener("open", () => entry.focus());
  };

  // Letters small enough for a phone's columns; never larger than asked for. A cell is a whole number of dots.
  function fitting(size, columns) {
    const probe = document.createElement("canvas").getContext("2d");
    probe.font = '100px "Roboto Mono"';
    const wide = probe.measureText("0").width / 100;
    const dots = window.devicePixelRatio;
    let fitted = size;
    while (fitted > 6 && (Math.floor(fitted * wide * dots) / dots) * columns > window.innerWidth) fitted -= 0.5;
    return fitted;
  }

  // The keyboard of a phone covers the page: keep above it.
  function followHeight() {
    const seen = window.visualViewport;
    if (!seen) return;
    seen.addEventListener("resize", () => {
      document.documentElement.style.setProperty("--height", `${seen.height}px`);
      window.dispatchEvent(new Event("resize"));
    });
  }

  function bindKeys(entry, touch) {
    const keyboard = document.getElementById("keyboard");
    if (touch) entry.inputMode = "none"; // a tap is a click; the keyboard comes when it is asked for
    keyboard.addEventListener("click", () => {
      const wanted = keyboard.getAttribute("aria-pressed") !== "true";
      keyboard.setAttribute("aria-pressed", String(wanted));
      entry.inputMode = wanted ? "text" : "none";
      entry.blur();
      entry.focus();
    });
    for (const button of document.querySelectorAll("#keys button")) {
      button.addEventListener("pointerdown", (event) => event.preventDefault()); // the terminal keeps the focus
      const typed = button.dataset.typed;
      if (typed !== undefined) button.addEventListener("click", () => send(JSON.parse(typed)));
    }
  }

  // A finger that moves turns the wheel, a line at a time.
  function bindFingers(terminal) {
    let from = null;
    terminal.addEventListener("touchstart", (event) => {
      from = event.touches.length === 1 ? event.touches[0].clientY : null;
    });
    terminal.addEventListener(
      "touchmove",
      (event) => {
        if (from === null || event.touches.length !== 1) return;
        event.preventDefault();
        const { clientX, clientY } = event.touches[0];
        const screen = terminal.querySelector(".xterm-screen");
        const line = Number(terminal.dataset.fontSize) * 1.3;
        while (Math.abs(from - clientY) >= line) {
          const down = from > clientY;
          from += down ? -line : line;
          screen.dispatchEvent(
            new WheelEvent("wheel", { deltaY: down ? line : -line, clientX, clientY, bubbles: true, cancelable: true })
          );
        }
      },
      { passive: false }
    );
  }
})();
