import clinic from '../../shared/clinic.cjs';

export const dynamic = 'force-dynamic';

export default function Page() {
  return <p>Paws & Claws: {clinic.dogs.size} dogs</p>;
}
