// Stands in for MathJax where it could not be fetched when the site was built: says so above the first equation.
document.addEventListener("DOMContentLoaded", () => {
  const first = document.querySelector("div.math, span.math");
  if (!first) return;
  const note = document.createElement("p");
  note.textContent = "The equations of this page stand as LaTeX: MathJax could not be fetched when the site was built.";
  (first.closest("section") ?? document.body).prepend(note);
});
