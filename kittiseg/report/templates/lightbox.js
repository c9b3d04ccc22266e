(() => {
  const large = document.getElementById("large");
  const shown = large.querySelector("img");
  const pictures = [...document.querySelectorAll(".enlarge img")];
  let place = 0;
  const show = (to) => {
    place = (to + pictures.length) % pictures.length;
    shown.src = pictures[place].src;
    shown.alt = pictures[place].alt;
    large.querySelector("figcaption").textContent = pictures[place].alt;
  };
  pictures.forEach((picture, at) => picture.parentElement.addEventListener("click", () => { show(at); large.showModal(); }));
  large.addEventListener("click", () => large.close());
  large.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(place + 1);
    if (event.key === "ArrowLeft") show(place - 1);
  });
})();
