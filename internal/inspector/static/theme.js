// Sets the theme before the page is drawn. It is no module, since those come later.
document.documentElement.dataset.theme = localStorage.getItem('theme') || 'auto'
