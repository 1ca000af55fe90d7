/** Builds the web pages into studio/dist; charts come as a chunk of their own, only when one is shown. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'baseline-widely-available' },
})
