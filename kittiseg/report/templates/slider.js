document.querySelectorAll(".compare").forEach((compare) => {
  const slide = compare.querySelector(".slide");
  const range = slide.querySelector("input");
  const [left, right] = [...compare.querySelectorAll("figcaption")].map((caption) => caption.textContent);
  const show = () => {
    compare.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % ${left}, ${100 - range.value} % ${right}`);
  };
  let begun = null;
  let dragged = false;
  compare.addEventListener("pointerdown", (event) => { if (event.target.closest(".enlarge")) begun = event.clientX; });
  compare.addEventListener("pointermove", (event) => {
    if (begun === null) return;
    if (!dragged && Math.abs(event.clientX - begun) < 4) return;
    if (!dragged) compare.setPointerCapture(event.pointerId);
    dragged = true;
    const place = compare.getBoundingClientRect();
    range.value = Math.round((100 * (event.clientX - place.left)) / place.width);
    show();
  });
  const end = () => { begun = null; setTimeout(() => { dragged = false; }); };
  compare.addEventListener("pointerup", end);
  compare.addEventListener("pointercancel", end);
  compare.addEventListener("click", (event) => { if (dragged) event.stopPropagation(); }, true);
  compare.addEventListener("dragstart", (event) => event.preventDefault());
  range.addEventListener("input", show);
  compare.classList.add("sliding");
  slide.hidden = false;
  show();
});
