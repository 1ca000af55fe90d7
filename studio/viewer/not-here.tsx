/** A page whose title is not to be had: says so, why, and where to go on. */
import { Button, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'

type NotHereProps = { readonly title: string; readonly why: string; readonly to: string; readonly on: string }

export const NotHere = ({ title, why, to, on }: NotHereProps) => (
  <Stack align="center" gap="xs" py={96} ta="center">
    <Title order={1} size="h3">
      {title}
    </Title>
    <Text c="dimmed" maw={440}>
      {why}
    </Text>
    <Button component={Link} to={to as never} variant="default" mt="sm">
      {on}
    </Button>
  </Stack>
)
