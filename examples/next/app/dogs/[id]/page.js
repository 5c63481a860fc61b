import { notFound } from 'next/navigation';
import clinic from '../../../../shared/clinic.cjs';

export default async function Page({ params }) {
  const dog = clinic.dogs.get((await params).id);
  if (!dog) notFound();
  return <p>{dog.name}</p>;
}
