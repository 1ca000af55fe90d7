/** Short messages at the foot of the page, read out by screen readers, with an undo where there is one. */
import { Button, CloseButton, Group, Paper, Portal, Stack, Text } from '@mantine/core'
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react'

type Toast = { readonly text: string; readonly undo?: () => void; readonly failed?: boolean }
const Show = createContext<(toast: Toast) => void>(() => undefined)
const SHOWN_MS = 8_000

export const useToast = (): ((toast: Toast) => void) => useContext(Show)

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly (Toast & { readonly id: number })[]>([])
  const last = useRef(0)
  const close = useCallback((id: number) => setToasts((all) => all.filter((one) => one.id !== id)), [])
  const show = useCallback(
    (toast: Toast) => {
      last.current += 1
      const id = last.current
      setToasts((all) => [...all.slice(-2), { ...toast, id }])
      setTimeout(() => close(id), SHOWN_MS)
    },
    [close],
  )
  return (
    <Show value={show}>
      {children}
      <Portal>
        <Stack
          component="output"
          aria-live="polite"
          gap="xs"
          pos="fixed"
          bottom={16}
          left={16}
          right={16}
          maw={420}
          style={{ zIndex: 400 }}
        >
          {toasts.map(({ id, text, undo, failed }) => (
            <Paper key={id} withBorder shadow="md" p="sm">
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm" {...(failed && { c: 'red' })}>
                  {text}
                </Text>
                <Group gap={4} wrap="nowrap">
                  {undo && (
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      onClick={() => {
                        undo()
                        close(id)
                      }}
                    >
                      Undo
                    </Button>
                  )}
                  <CloseButton aria-label="Dismiss" onClick={() => close(id)} />
                </Group>
              </Group>
            </Paper>
          ))}
        </Stack>
      </Portal>
    </Show>
  )
}
