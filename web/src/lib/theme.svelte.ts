// Light or dark: the system's wish until somebody chooses. public/theme.js does the same before the first paint.

function stored(): 'light' | 'dark' | null {
  try {
    const value = localStorage.getItem('theme');
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null; // Storage is switched off.
  }
}

const system = window.matchMedia('(prefers-color-scheme: dark)');

class Theme {
  dark = $state(stored() ? stored() === 'dark' : system.matches);

  constructor() {
    system.addEventListener('change', (event) => {
      if (!stored()) this.show(event.matches);
    });
  }

  private show(dark: boolean): void {
    this.dark = dark;
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }

  toggle(): void {
    this.show(!this.dark);
    try {
      // Back at what the system says, the page follows the system again.
      if (this.dark === system.matches) localStorage.removeItem('theme');
      else localStorage.setItem('theme', this.dark ? 'dark' : 'light');
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
  }
}

export const theme = new Theme();
